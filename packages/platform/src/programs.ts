/**
 * Where programs lie that HAPI runs itself. An agent in a sandbox can leave a program in every folder that it writes, and ours run outside: they are
 * taken from folders that no such agent writes, whatever the PATH names.
 */
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, relative, resolve } from "node:path";
import { attempt } from "./ignore.ts";
import { findProgram } from "./spawn.ts";

/** Where systems keep their programs, written by root alone. */
const SYSTEM_FOLDERS = ["/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin", "/run/current-system/profile/bin"];

/** A program that comes with the system, or null: never one that the PATH names. `folders`: where the system keeps it. */
export const systemProgram = (name: string, folders: string = SYSTEM_FOLDERS.join(delimiter)): string | null =>
  findProgram(name, { PATH: folders });

export const isBelow = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !isAbsolute(way));
};

const realPath = (path: string): string => attempt(() => realpathSync(path), "it is not there") ?? resolve(path);

/** Whoever is given the HOME, or what the system's programs lie in, is given what the person and the system run: nothing is left to look in. */
const isWide = (folder: string): boolean => [homedir(), ...SYSTEM_FOLDERS].some((one) => isBelow(realPath(one), folder));

/** Whether it lies, by its name or where that leads, in one of the folders that agents write. */
export function liesIn(path: string, written: readonly string[]): boolean {
  const places = [resolve(path), realPath(path)];
  const folders = written.map(realPath).filter((folder) => !isWide(folder));
  return folders.some((folder) => places.some((place) => isBelow(place, folder)));
}

/** The PATH without the folders that agents write, and without names that mean another folder wherever one stands (`.`, `node_modules/.bin`). */
export const outsidePath = (path: string | undefined, written: readonly string[]): string =>
  (path ?? "")
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && !liesIn(folder, written))
    .join(delimiter);

/** As the PATH would find it, but for what lies where agents write; null: there is none. */
export function findOutside(name: string, path: string | undefined, written: readonly string[]): string | null {
  const found = outsidePath(path, written)
    .split(delimiter)
    .map((folder) => findProgram(name, { PATH: folder }));
  return found.find((program) => program !== null && !liesIn(program, written)) ?? null;
}
