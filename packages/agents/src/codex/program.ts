/** Where Codex's program is. The npm package's `codex` is a Node script around the real one: that is started by itself, without a Node beside it. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import type { Detection } from "../driver.ts";
import { askVersion, findProgram } from "../shared/program.ts";
import verified from "../verified.json" with { type: "json" };

/** The driver is tested with these. */
export const VERSIONS: readonly string[] = verified.codex;
const VERSION_MS = 20_000;
const PROGRAM_VARIABLE = "HAPI_CODEX_PATH";
const HINT = 'Codex was not found. Install it with "npm install -g @openai/codex", or set HAPI_CODEX_PATH to its program.';

/** An empty `command` comes with a hint. */
export function locate(env: Readonly<Record<string, string>>, known?: string): Pick<Detection, "command" | "hint"> & { program?: string } {
  // The environment of an agent holds nothing of HAPI's.
  const asked = env[PROGRAM_VARIABLE] || process.env[PROGRAM_VARIABLE];
  const found = findProgram(asked || known || "codex", env["PATH"] ?? "") ?? (asked ? undefined : findProgram("codex", env["PATH"] ?? ""));
  if (found === undefined) return { command: [], hint: asked ? `HAPI_CODEX_PATH names ${asked}, which is no program. ${HINT}` : HINT };
  return { command: [nativeProgram(found)], ...(asked ? {} : { program: found }) };
}

/** `bin/codex.js` of the package → `vendor/<triple>/bin/codex` of the package of this platform (0.169.0, 0.171.0). */
export function nativeProgram(found: string): string {
  const script = realpathSync(found);
  if (!script.endsWith(join("@openai", "codex", "bin", "codex.js"))) return found;
  const own = dirname(dirname(script));
  const name = `codex-${platform()}-${arch()}`;
  const vendors = [join(dirname(own), name, "vendor"), join(own, "node_modules", "@openai", name, "vendor")].filter((folder) =>
    existsSync(folder),
  );
  const programs = vendors.flatMap((folder) => readdirSync(folder).map((triple) => join(folder, triple, "bin", "codex")));
  return programs.find((program) => existsSync(program)) ?? found;
}

export function detect(env: Readonly<Record<string, string>>, known?: string): Detection {
  const { command, hint, program } = locate(env, known);
  if (command.length === 0) return { available: false, command, reason: "not_found", ...(hint ? { hint } : {}) };
  return { available: true, command, ...(program === undefined ? {} : { program }) };
}

/** From its own mouth (`codex-cli 0.171.0`). */
export function versionOf(env: Readonly<Record<string, string>>): Promise<string | null> {
  const { command } = locate(env);
  return command.length === 0 ? Promise.resolve(null) : askVersion([...command, "--version"], { env, timeoutMs: VERSION_MS });
}
