/** One question, one letter. Without a person at the terminal the answer is no. */
import { createInterface } from "node:readline/promises";

export async function confirm(question: string, isInteractive: boolean): Promise<boolean> {
  if (!isInteractive || !process.stdin.isTTY) return false;
  const line = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await line.question(`${question} [y/N] `)).trim());
  } finally {
    line.close();
  }
}
