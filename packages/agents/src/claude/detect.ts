/** Finding Claude Code: `HAPI_CLAUDE_PATH`, else the PATH; its version from its own mouth. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { attempt, ensurePrivateDir, findOutside, liesIn, outsidePath, systemClock, writeFileAtomic } from "@hapi/platform/lean";
import type { Detection } from "../driver.ts";
import { askVersion, findProgram, isExecutable } from "../shared/program.ts";
import { isJson, type Json, num, parseJson, str } from "./json.ts";
import { VERSIONS } from "./vocabulary/versions.ts";

/** Others of the same major are taken with a word of warning. */
const TESTED: readonly string[] = VERSIONS;
const TESTED_WORDS = VERSIONS.join(" and ");
const OLDEST = [2, 1, 190] as const;
const VERSION_MS = 10_000;
const INSTALL_HINT = "Claude Code is not installed; install it with `npm install -g @anthropic-ai/claude-code`, or set HAPI_CLAUDE_PATH";

function find(env: Readonly<Record<string, string>>, written: readonly string[]): { path: string | null; configured: boolean } {
  // An agent's own environment carries no variable of ours.
  const configured = env["HAPI_CLAUDE_PATH"] || process.env["HAPI_CLAUDE_PATH"];
  if (configured) return { path: isExecutable(configured) ? configured : null, configured: true };
  const path = written.length === 0 ? findProgram("claude", env["PATH"] ?? "") : findOutside("claude", env["PATH"], written);
  return { path: path ?? null, configured: false };
}

/** `--prefill <text>`, "Pre-fill the prompt input with text without submitting it": measured on this version; an unknown flag would end the start. */
const PREFILL_SINCE = [2, 1, 329] as const;

export function takesPrefill(version: string | undefined): boolean {
  const [major = 0, minor = 0, patch = 0] = (version ?? "").split(".").map(Number);
  const [m, n, p] = PREFILL_SINCE;
  return major === m && (minor > n || (minor === n && patch >= p));
}

export function judgeVersion(version: string): Pick<Detection, "available" | "reason" | "hint"> {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (major !== OLDEST[0]) {
    return {
      available: false,
      reason: "unsupported_version",
      hint: `Claude Code ${version} is not supported; HAPI works with ${OLDEST[0]}.x (tested with ${TESTED_WORDS})`,
    };
  }
  if (TESTED.includes(version)) return { available: true };
  const old = minor < OLDEST[1] || (minor === OLDEST[1] && patch < OLDEST[2]);
  const hint = old
    ? `Claude Code ${version} is older than what HAPI was tested with; please update it`
    : `HAPI was tested with Claude Code ${TESTED_WORDS}; this is ${version}`;
  return { available: true, hint };
}

/** A program of the same path, size and time is not asked again, for this long: a wrapper may lead to another one tomorrow. */
const FRESH_MS = 24 * 3600 * 1000;

type Env = Readonly<Record<string, string>>;

interface Remembered {
  version: string;
  at: number;
}

function cacheFile(env: Env): string | null {
  const root = env["XDG_CACHE_HOME"] || (env["HOME"] ? join(env["HOME"], ".cache") : "");
  return root ? join(root, "hapi", "claude-versions.json") : null;
}

const programKey = (path: string): string | undefined =>
  attempt(() => {
    const real = realpathSync(path);
    const { size, mtimeMs } = statSync(real);
    return `${real} ${size} ${mtimeMs}`;
  }, "it is gone");

function readCache(env: Env): Json {
  const file = cacheFile(env);
  const text = file === null ? undefined : attempt(() => readFileSync(file, "utf8"), "nothing was remembered yet");
  return (text === undefined ? null : parseJson(text)) ?? {};
}

function remembered(path: string, env: Env): Remembered | null {
  const entry = readCache(env)[programKey(path) ?? ""];
  const [version, at] = isJson(entry) ? [str(entry["version"]), num(entry["at"])] : [];
  return version !== undefined && at !== undefined ? { version, at } : null;
}

/** What it said when it was asked last, however long ago; null: never, or it is another program now. */
export const knownVersion = (path: string, env: Env): string | null => remembered(path, env)?.version ?? null;

function freshVersion(path: string, env: Env): string | null {
  const found = remembered(path, env);
  return found && Math.abs(systemClock.now() - found.at) < FRESH_MS ? found.version : null;
}

function rememberVersion(path: string, version: string, env: Env): void {
  const [file, key] = [cacheFile(env), programKey(path)];
  if (file === null || key === undefined || freshVersion(path, env) === version) return;
  // The other programs of this person's are few: the newest entries are enough.
  const kept = Object.entries(readCache(env)).slice(-7);
  attempt(() => {
    ensurePrivateDir(dirname(file));
    writeFileAtomic(file, JSON.stringify({ ...Object.fromEntries(kept), [key]: { version, at: systemClock.now() } }), { mode: 0o600 });
  }, "then it is asked again");
}

type Located = Pick<Detection, "command" | "hint" | "reason">;

/** The program, without a question to it. `written`: folders that an agent in a sandbox writes. */
export function locateClaude(env: Readonly<Record<string, string>>, written: readonly string[] = []): Located {
  const { path, configured } = find(env, written);
  if (path !== null) return configured && liesIn(path, written) ? refused(path, "HAPI_CLAUDE_PATH") : { command: [path] };
  if (configured)
    return { command: [], reason: "invalid_configuration", hint: "HAPI_CLAUDE_PATH does not name a program; correct it or remove it" };
  const planted = findProgram("claude", env["PATH"] ?? "");
  return planted === undefined ? { command: [], reason: "not_found", hint: INSTALL_HINT } : refused(planted, "the PATH");
}

/** We would run it outside the sandbox, and the agent may have put there what it likes. */
const refused = (path: string, named: string): Located => ({
  command: [],
  reason: "invalid_configuration",
  hint: `${path}, which ${named} names, lies where an agent in a sandbox can change it. Install Claude Code elsewhere (\`npm install -g @anthropic-ai/claude-code\`), or start without a sandbox`,
});

/** `program`: the one this session was started with; where it can't be taken, the one that is found now, and it is said. */
export async function detectClaude(
  env: Readonly<Record<string, string>>,
  program?: string,
  written: readonly string[] = [],
): Promise<Detection> {
  const isThere = program !== undefined && isExecutable(program);
  const isTaken = isThere && !liesIn(program, written);
  const found = isTaken ? { command: [program] } : locateClaude(env, written);
  const [path] = found.command;
  if (path === undefined) return { available: false, ...found };
  const detection = await askAndJudge(path, written.length === 0 ? env : { ...env, PATH: outsidePath(env["PATH"], written) });
  if (isTaken || program === undefined || !detection.available) return detection;
  const why = isThere ? "lies where an agent in a sandbox can change it" : "is not there any more";
  const gone = `${program}, which this session was started with, ${why}; ${path} is used`;
  return { ...detection, hint: detection.hint ? `${gone}. ${detection.hint}` : gone };
}

async function askAndJudge(path: string, env: Readonly<Record<string, string>>): Promise<Detection> {
  const version = freshVersion(path, env) ?? (await askVersion([path, "--version"], { env, timeoutMs: VERSION_MS }));
  if (version === null) {
    return {
      available: false,
      command: [path],
      reason: "invalid_configuration",
      hint: `${path} does not tell its version; reinstall Claude Code`,
    };
  }
  rememberVersion(path, version, env);
  return { command: [path], program: path, version, ...judgeVersion(version) };
}
