/** The end of a log file, as people look at it. */
import { readFileSync } from "node:fs";

const LINES = 200;

/** Null: there is none yet. */
export function tailOf(file: string, lines = LINES): string | null {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}
