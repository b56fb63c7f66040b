/** Ledgers recorded with the version before prompts had `row` and `wish`: what their three marks said is read, from the lines and from a rewritten file. */
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LEDGER_FILE, openLedger } from "./ledger.ts";
import type { PromptEntry } from "./ledger-state.ts";

const root = mkdtempSync(join(tmpdir(), "machine-ledger-older-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function read(recorded: string): Promise<[string, string, string, string][]> {
  const dir = mkdtempSync(join(root, "ledger-"));
  copyFileSync(join(import.meta.dir, "../../test/recorded", recorded), join(dir, LEDGER_FILE));
  const ledger = await openLedger(dir);
  const found = [...ledger.state.prompts.values()].map((prompt): [string, string, string, string] => [
    prompt.localId,
    prompt.stage,
    prompt.row,
    prompt.wish,
  ]);
  const left = new Set([...ledger.state.prompts.values()].flatMap((prompt: PromptEntry) => Object.keys(prompt)));
  expect([...left].filter((key) => ["told", "unwanted", "hubKeeps"].includes(key))).toEqual([]);
  expect(ledger.lostLines).toBe(0);
  await ledger.close();
  return found;
}

test.each(["ledger-marks.jsonl", "ledger-marks-snapshot.jsonl"])("%s", async (recorded) => {
  expect(await read(recorded)).toEqual([
    ["done", "done", "taken", "run"],
    ["failed", "failed", "taken", "run"],
    ["taken-back", "canceled", "gone", "run"],
    ["given-back", "canceled", "taken", "back"],
    ["unknown", "unknown", "taken", "run"],
    ["never-came", "canceled", "gone", "run"],
    // Its agent ended before it began.
    ["again", "queued", "taken", "run"],
    ["sent-again", "queued", "taken", "run"],
    ["wanted-back", "handed", "taken", "back"],
    ["waits", "queued", "queued", "run"],
    ["on-its-way", "handing", "queued", "run"],
  ]);
});
