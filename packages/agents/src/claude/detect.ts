/** Finding Claude Code: `HAPI_CLAUDE_PATH`, else the PATH; its version from its own mouth. */
import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Detection } from "../driver.ts";
import { VERSIONS } from "./vocabulary/versions.ts";

/** Others of the same major are taken with a word of warning. */
const TESTED: readonly string[] = VERSIONS;
const TESTED_WORDS = VERSIONS.join(" and ");
const OLDEST = [2, 1, 190] as const;
const VERSION_MS = 10_000;
const INSTALL_HINT = "Claude Code is not installed; install it with `npm install -g @anthropic-ai/claude-code`, or set HAPI_CLAUDE_PATH";

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function find(env: Readonly<Record<string, string>>): { path: string | null; configured: boolean } {
  // An agent's own environment carries no variable of ours.
  const configured = env["HAPI_CLAUDE_PATH"] || process.env["HAPI_CLAUDE_PATH"];
  if (configured) return { path: isProgram(configured) ? configured : null, configured: true };
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return { path: folders.map((folder) => join(folder, "claude")).find(isProgram) ?? null, configured: false };
}

function askVersion(path: string, env: Readonly<Record<string, string>>): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(path, ["--version"], { env: { ...env }, timeout: VERSION_MS, maxBuffer: 64 * 1024 }, (error, stdout) => {
      resolve(error ? null : (/(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null));
    });
  });
}

/** `--prefill <text>`, "Pre-fill the prompt input with text without submitting it": measured on this version; an unknown flag would end the start. */
const PREFILL_SINCE = [2, 1, 329] as const;

export function takesPrefill(version: string | undefined): boolean {
  const [major = 0, minor = 0, patch = 0] = (version ?? "").split(".").map(Number);
  const [m, n, p] = PREFILL_SINCE;
  return major === m && (minor > n || (minor === n && patch >= p));
}

function judge(version: string): Pick<Detection, "available" | "reason" | "hint"> {
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

/** The program, without a question to it. */
export function locateClaude(env: Readonly<Record<string, string>>): Pick<Detection, "command" | "hint" | "reason"> {
  const { path, configured } = find(env);
  if (path !== null) return { command: [path] };
  return configured
    ? { command: [], reason: "invalid_configuration", hint: "HAPI_CLAUDE_PATH does not name a program; correct it or remove it" }
    : { command: [], reason: "not_found", hint: INSTALL_HINT };
}

/** `program`: the one this session was started with; where it is gone, the one that is found now, and it is said. */
export async function detectClaude(env: Readonly<Record<string, string>>, program?: string): Promise<Detection> {
  const isThere = program !== undefined && isProgram(program);
  const found = isThere ? { command: [program] } : locateClaude(env);
  const [path] = found.command;
  if (path === undefined) return { available: false, ...found };
  const detection = await askAndJudge(path, env);
  if (isThere || program === undefined || !detection.available) return detection;
  const gone = `${program}, which this session was started with, is not there any more; ${path} is used`;
  return { ...detection, hint: detection.hint ? `${gone}. ${detection.hint}` : gone };
}

async function askAndJudge(path: string, env: Readonly<Record<string, string>>): Promise<Detection> {
  const version = await askVersion(path, env);
  if (version === null) {
    return {
      available: false,
      command: [path],
      reason: "invalid_configuration",
      hint: `${path} does not tell its version; reinstall Claude Code`,
    };
  }
  return { command: [path], program: path, version, ...judge(version) };
}
