/** In a scope of its own (systemd) a host survives the stop of the unit that started it. Where that can't work, it is not tried. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "@hapi/platform/lean";

/** Words in front of the host's own; empty: none. */
export function scopePrefix(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const runtimeDir = env["XDG_RUNTIME_DIR"];
  if (process.platform !== "linux" || !runtimeDir || !existsSync(join(runtimeDir, "systemd", "private"))) return [];
  return findProgram("systemd-run", env) ? ["systemd-run", "--user", "--scope", "--quiet", "--collect", "--"] : [];
}
