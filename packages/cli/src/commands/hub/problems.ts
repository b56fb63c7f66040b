/** How findings of a check are shown, and what to do about them. */
import type { Problem } from "@hapi/hub";
import type { Palette } from "../../tui/terminal.ts";

export function problemLines(problems: readonly Problem[], paint: Palette): string[] {
  if (problems.length === 0) return [];
  const isFile = problems.some(({ kind }) => kind === "file");
  const next = isFile
    ? "The file is damaged. Restore the newest good backup: hapi hub restore FILE, or try: hapi hub check --fix"
    : "Stop the hub and run: hapi hub check --fix";
  return [...problems.map(({ text, count }) => paint.bad(`✗ ${count > 1 ? `${count} ` : ""}${text}`)), next];
}
