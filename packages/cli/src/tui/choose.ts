/** One of several, by its number. Asked on stderr, so that what a script reads stays clean; no answer chooses nothing. */
import { createInterface } from "node:readline/promises";

export async function choose(lines: readonly string[], question: string): Promise<number | null> {
  process.stderr.write(`${lines.join("\n")}\n`);
  const line = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((done) => line.once("close", () => done("")));
  try {
    for (;;) {
      const answer = (await Promise.race([line.question(`${question} [1-${lines.length}, Enter: none] `), closed])).trim();
      if (answer === "") return null;
      const index = Number(answer) - 1;
      if (Number.isInteger(index) && index >= 0 && index < lines.length) return index;
    }
  } finally {
    line.close();
  }
}
