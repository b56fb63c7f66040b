/** Finding OpenCode: `HAPI_OPENCODE_PATH`, else the PATH; its version from its own mouth. */
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { attempt } from "@hapi/platform/lean";
import type { Detection } from "../driver.ts";
import { askVersion, findProgram, withProgram } from "../shared/program.ts";
import { fields, filled } from "../shared/read.ts";
import verified from "../verified.json" with { type: "json" };

/** The driver is tested with these; others of the same major are taken with a word of warning. */
export const VERSIONS: readonly string[] = verified.opencode;
const PACKAGE = "opencode-ai";
const MAJOR = 1;
const VERSION_MS = 20_000;
const INSTALL_HINT = "OpenCode is not installed; install it with `npm install -g opencode-ai`, or set HAPI_OPENCODE_PATH";

type Env = Readonly<Record<string, string>>;

export function locateOpenCode(env: Env, known?: string): Pick<Detection, "command" | "hint"> {
  // An agent's own environment carries no variable of ours.
  const configured = env["HAPI_OPENCODE_PATH"] || process.env["HAPI_OPENCODE_PATH"];
  if (configured) {
    if (findProgram(configured, "")) return { command: [configured] };
    return { command: [], hint: `HAPI_OPENCODE_PATH is "${configured}", which is no program; correct it or unset it` };
  }
  const [program = "opencode"] = withProgram(["opencode"], known);
  const found = findProgram(program, env["PATH"] ?? "");
  return found ? { command: [found] } : { command: [], hint: INSTALL_HINT };
}

export async function detectOpenCode(env: Env, known?: string): Promise<Detection> {
  const { command, hint } = locateOpenCode(env, known);
  const [program] = command;
  if (program === undefined) return { available: false, command, reason: "not_found", ...(hint === undefined ? {} : { hint }) };
  const version = packagedVersion(program) ?? (await askVersion([program, "--version"], { env, timeoutMs: VERSION_MS }));
  if (version === null) return { available: true, command, program };
  return { command, program, version, ...judgeVersion(version) };
}

/** Beside a program that npm installed its package says it: a hundredth of the time that its own mouth takes. */
function packagedVersion(program: string): string | null {
  const file = attempt(() => join(dirname(realpathSync(program)), "../package.json"), "it is gone, which its start will say");
  const said = file === undefined ? undefined : attempt(() => readFileSync(file, "utf8"), "it came some other way");
  const facts = fields(said === undefined ? undefined : attempt(() => JSON.parse(said) as unknown, "it is another file of that name"));
  return facts["name"] === PACKAGE ? (filled(facts["version"]) ?? null) : null;
}

export function judgeVersion(version: string): Pick<Detection, "available" | "reason" | "hint"> {
  const tested = VERSIONS.join(" and ");
  if (VERSIONS.includes(version)) return { available: true };
  if (Number(version.split(".")[0]) === MAJOR)
    return { available: true, hint: `HAPI was tested with OpenCode ${tested}; this is ${version}` };
  const hint = `OpenCode ${version} is not supported; HAPI works with ${MAJOR}.x (tested with ${tested})`;
  return { available: false, reason: "unsupported_version", hint };
}
