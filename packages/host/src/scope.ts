/** In a scope of its own (systemd) a host survives the stop of the unit that started it. Where that can't work, it is not tried. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemProgram } from "@hapi/platform/lean";

/** Words in front of the host's own; empty: none. */
export function scopePrefix(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const runtimeDir = env["XDG_RUNTIME_DIR"];
  if (process.platform !== "linux" || !runtimeDir || !existsSync(join(runtimeDir, "systemd", "private"))) return [];
  const program = systemProgram("systemd-run");
  return program ? [program, "--user", "--scope", "--quiet", "--collect", "--"] : [];
}
