/**
 * How to start this same HAPI again. It runs from a source checkout, from one bundled file, or as a single executable; everything that
 * starts another HAPI process (hub, runner, host, hook bridge) asks here.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@hapi/protocol/errors";

/** A .env or bunfig.toml in the folder a process starts in must never change how HAPI runs; bin/hapi passes the same. */
const ownRuntime = ["--no-env-file", "--config=/dev/null"];

/** argv of `hapi <args>`. `HAPI_CLI_COMMAND` (one path, or a JSON array of words) replaces the program, for tests and wrappers. */
export function selfCommand(...args: string[]): string[] {
  return [...selfPrefix(process.env["HAPI_CLI_COMMAND"]), ...args];
}

/** argv of this very process with other words than `words`, with which it ends now: the same program, however it was started. */
export function sameProgram(words: readonly string[], ...others: string[]): string[] {
  const own = process.argv.slice(1, process.argv.length - words.length).filter((word) => !isVirtual(word));
  return [process.execPath, ...process.execArgv, ...own, ...others];
}

/** A single executable sees its own files under a virtual root and needs no script. */
function isVirtual(path: string): boolean {
  return path.includes("/$bunfs/") || path.includes("/~BUN/");
}

function selfPrefix(override: string | undefined): string[] {
  if (override) return parseCommand(override);
  if (isVirtual(import.meta.path)) return [process.execPath];
  const source = join(import.meta.dir, "../../cli/src/main.ts");
  if (import.meta.path.endsWith("/packages/platform/src/self.ts") && existsSync(source))
    return [...ownCache(), process.execPath, ...ownRuntime, source];
  // Bundled: this module is a part of dist/, and dist/hapi.js is the door.
  const bundled = join(import.meta.dir, "hapi.js");
  return [process.execPath, ...ownRuntime, existsSync(bundled) ? bundled : Bun.main];
}

const cacheVariable = "BUN_RUNTIME_TRANSPILER_CACHE_PATH";
const ownCacheVariable = "HAPI_BUN_CACHE";

/** bin/hapi chose a folder for translated sources; only our own processes are told (cli/own-cache.ts). */
function ownCache(): string[] {
  const path = process.env[ownCacheVariable];
  return path ? ["/usr/bin/env", `${cacheVariable}=${path}`] : [];
}

function parseCommand(text: string): string[] {
  if (!text.startsWith("[")) return [text];
  const parsed: unknown = JSON.parse(text);
  if (Array.isArray(parsed) && parsed.length > 0 && parsed.every((word) => typeof word === "string")) return parsed;
  throw new AppError("internal", "HAPI_CLI_COMMAND is neither a path nor a JSON array of words");
}
