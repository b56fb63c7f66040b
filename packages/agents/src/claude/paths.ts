/**
 * Where Claude keeps its conversations. Read only: nothing here is ever written by us. The names of its folders are Claude's own: several
 * folders of a machine share one, long ones are cut and get a hash, and a conversation moves between them while it runs (measured on 2.1.329:
 * EnterWorktree, ExitWorktree). So a name made here is a guess of where to look first and never says what a file is: a conversation is known by
 * its id, which is a uuid, and its folder by the `cwd` its lines carry.
 */
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { attempt, type Files } from "@hapi/platform/lean";
import { isJson, type Json, parseJson, str } from "./json.ts";
import type { Home, Place } from "./system.ts";

type Env = Readonly<Record<string, string | undefined>>;

export function configDir(env: Env): string {
  return env["CLAUDE_CONFIG_DIR"] || join(env["HOME"] || homedir(), ".claude");
}

function projectsDir(env: Env): string {
  return join(configDir(env), "projects");
}

/** Claude cuts longer names here and appends a hash of its own (2.1.329). */
const NAME_CUT = 200;

const nameOf = (cwd: string): string => cwd.normalize("NFC").replace(/[^a-zA-Z0-9]/g, "-");
/** The folder as the system itself spells it: Claude sees no symbolic links. */
const realOf = (files: Files, path: string): string => attempt(() => files.realPath(path), "it is gone") ?? resolve(path);

/** Where a conversation of this folder most likely is: a first guess. */
function guessOf({ env, cwd, system }: Place, threadId: string): string {
  return join(projectsDir(env), nameOf(realOf(system.files, cwd)).slice(0, NAME_CUT), `${threadId}.jsonl`);
}

/** A path that a report names: below Claude's own folder and of a conversation's form, wherever links lead. Other files are not Claude's words. */
export function isOwnTranscript({ env, system: { files } }: Home, path: string): boolean {
  const root = realOf(files, projectsDir(env));
  // A conversation that begins has no file yet, and its folder may be new as well.
  const real = attempt(() => files.realPath(path), "it is not there yet") ?? join(realOf(files, dirname(path)), basename(path));
  return path.endsWith(".jsonl") && real.startsWith(`${root}/`);
}

interface Found {
  path: string;
  changedAt: number;
}

function fileAt(files: Files, path: string): Found | null {
  const facts = attempt(() => files.facts(path), "it can't be looked at, so it can't be read either");
  return facts?.isFile ? { path, changedAt: facts.changedAt } : null;
}

/** Every file of this conversation, the one written last first: normally one. */
function findTranscripts({ env, system: { files } }: Home, threadId: string): string[] {
  const dir = projectsDir(env);
  const found = foldersIn(files, dir).flatMap((name) => fileAt(files, join(dir, name, `${threadId}.jsonl`)) ?? []);
  return found.sort((a, b) => b.changedAt - a.changedAt).map(({ path }) => path);
}

/** Where the conversation is now: at the path it was known at, in the folder it belongs to, or in any other. */
export function findTranscript(place: Place, threadId: string, known?: string): string | undefined {
  for (const path of [known, guessOf(place, threadId)]) if (path !== undefined && fileAt(place.system.files, path)) return path;
  return findTranscripts(place, threadId)[0];
}

/** The file of this conversation that was written last, wherever it is: asked when the one that is read stays silent. */
export function newestTranscript(home: Home, threadId: string): string | undefined {
  return findTranscripts(home, threadId)[0];
}

/** The transcript of a conversation: where it is, or where it will most likely be. */
export function transcriptPath(place: Place, threadId: string): string {
  return findTranscript(place, threadId) ?? guessOf(place, threadId);
}

/** How many files are opened at most to find the newest one of a folder. */
const MAX_OPENED = 500;
const ENDS_BYTES = 64 * 1024;
/** A first message may hold pictures, and its line names the folder behind them. */
const MAX_FIRST_BYTES = 32 * 1024 * 1024;

/**
 * The conversation `--continue` takes up: the newest of this folder. As Claude does (2.1.329): of the files under the name of this folder, and
 * under names that were cut like it, those whose own `cwd` is another folder with the same name are left out.
 */
export function newestThread({ env, cwd, system: { files } }: Place): string | null {
  const mine = realOf(files, cwd);
  const name = nameOf(mine);
  const isLong = name.length > NAME_CUT;
  const folders = foldersIn(files, projectsDir(env)).filter((one) =>
    isLong ? one.startsWith(`${name.slice(0, NAME_CUT)}-`) : one === name,
  );
  const all = folders.flatMap((folder) => filesIn(files, join(projectsDir(env), folder)));
  const newestFirst = all.sort((a, b) => b.changedAt - a.changedAt).slice(0, MAX_OPENED);
  const found = newestFirst.find(({ path }) => {
    const { said, cwd: its } = endsOf(files, path);
    if (!said) return false;
    if (its === undefined) return !isLong;
    return realOf(files, its) === mine || (!isLong && nameOf(its) !== name);
  });
  return found ? basename(found.path, ".jsonl") : null;
}

function filesIn(files: Files, folder: string): Found[] {
  const names = foldersIn(files, folder);
  return names.filter((name) => name.endsWith(".jsonl")).flatMap((name) => fileAt(files, join(folder, name)) ?? []);
}

/** Whether a conversation has words at all, and the folder it belongs to: where it was moved last, else where it began. */
function endsOf(files: Files, path: string): { said: boolean; cwd?: string } {
  const read = (): { said: boolean; cwd?: string } => {
    const size = files.facts(path)?.size ?? 0;
    const start = files.part(path, 0, Math.min(size, ENDS_BYTES));
    const end = size <= ENDS_BYTES ? start : files.part(path, size - ENDS_BYTES, ENDS_BYTES);
    const moved = wholeLines(end).findLast((line) => line["type"] === "relocated");
    const cwd = str(moved?.["relocatedCwd"]) ?? firstCwd(files, path, size);
    return { said: [start, end].some((text) => /"type":"(user|assistant)"/.test(text)), ...(cwd === undefined ? {} : { cwd }) };
  };
  return attempt(read, "it is gone or can't be read") ?? { said: false };
}

/** The folder that the first line with one names: read on until it is there, for a guess would be another folder's conversation. */
function firstCwd(files: Files, path: string, size: number): string | undefined {
  const most = Math.min(size, MAX_FIRST_BYTES);
  for (let length = Math.min(most, ENDS_BYTES); ; length = Math.min(most, length * 4)) {
    const cwd = wholeLines(files.part(path, 0, length)).find((line) => str(line["cwd"]) !== undefined)?.["cwd"];
    if (cwd !== undefined || length === most) return str(cwd);
  }
}

/** What is cut off at either end can't be read and is passed over. */
const wholeLines = (text: string): Json[] => text.split("\n").map(parseJson).filter(isJson);

/** Sub-agents of a conversation write beside it. */
export function subagentsDir(transcript: string): string {
  return join(transcript.replace(/\.jsonl$/, ""), "subagents");
}

export function liveSessionsDir(env: Env): string {
  return join(configDir(env), "sessions");
}

/** Also those that are links to elsewhere: what is no folder has no file in it. */
function foldersIn(files: Files, dir: string): string[] {
  return attempt(() => files.names(dir), "no Claude ever ran here, or it can't be read") ?? [];
}
