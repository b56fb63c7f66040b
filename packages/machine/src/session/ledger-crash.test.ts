/**
 * The ledger after a crash at any byte and after damage at any bit: what was acknowledged is read, nothing is made up, and it goes on from there.
 * A prompt that waits in a damaged ledger is not handed before the agent's record was asked.
 */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { LEDGER_FILE, openLedger } from "./ledger.ts";
import { applyEntry, emptyState, type LedgerEntry, type LedgerState, snapshotOf } from "./ledger-state.ts";

const root = mkdtempSync(join(tmpdir(), "machine-ledger-crash-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A ledger's folder with this file in it. */
function place(bytes: Uint8Array): string {
  const dir = join(root, String(count++));
  mkdirSync(dir);
  writeFileSync(join(dir, LEDGER_FILE), bytes);
  return dir;
}

const prompt = (localId: string): LedgerEntry => ({
  k: "prompt",
  prompt: {
    localId,
    messageId: `m-${localId}`,
    seq: 1,
    at: 1,
    text: "grüß\n",
    attachments: [],
    stage: "queued",
    row: "queued",
    wish: "run",
    stageAt: 1,
  },
});

/** One line each. */
const writes: LedgerEntry[][] = [
  [prompt("a"), { k: "facts", patch: { lastSeq: 1 } }],
  [{ k: "stage", localId: "a", stage: "handing", at: 2 }],
  [{ k: "out", key: "k1", content: { text: "eins" }, at: 3, memory: { offset: 10 } }],
  [{ k: "request", entry: { request: { id: "r", kind: "permission", tool: "t", input: {} }, createdAt: 1 } }],
  [{ k: "answer", id: "r", answer: { behavior: "allow" }, at: 4, by: "person" }],
  [{ k: "acked", keys: ["k1"] }],
  [{ k: "stage", localId: "a", stage: "done", at: 5 }, prompt("b")],
];

const fold = (lists: readonly LedgerEntry[][]): LedgerState => {
  const state = emptyState();
  for (const entry of structuredClone(lists).flat()) applyEntry(state, entry);
  return state;
};

async function written(): Promise<Buffer> {
  const dir = place(new Uint8Array());
  const ledger = await openLedger(dir);
  for (const entries of writes) await ledger.write(...structuredClone(entries));
  await ledger.close();
  return readFileSync(join(dir, LEDGER_FILE));
}

const lineEnds = (bytes: Buffer): number[] => [...bytes.keys()].filter((at) => bytes[at] === 0x0a).map((at) => at + 1);

test("cut at every byte: everything up to the last whole line, and it goes on from there", async () => {
  const bytes = await written();
  const ends = lineEnds(bytes);
  expect(ends).toHaveLength(writes.length);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const dir = place(bytes.subarray(0, cut));
    const whole = ends.filter((end) => end <= cut).length;
    const ledger = await openLedger(dir);
    expect(snapshotOf(ledger.state)).toEqual(snapshotOf(fold(writes.slice(0, whole))));
    await ledger.setFacts({ turn: "next" });
    await ledger.close();
    const again = await openLedger(dir);
    expect(again.lostLines).toBe(0);
    expect(snapshotOf(again.state)).toEqual(snapshotOf(fold([...writes.slice(0, whole), [{ k: "facts", patch: { turn: "next" } }]])));
    await again.close();
    rmSync(dir, { recursive: true });
  }
}, 240_000);

test("any bit turned: the lines it does not touch are read, the loss is counted, the damaged file is kept", async () => {
  const bytes = await written();
  const ends = lineEnds(bytes);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
      const turned = Buffer.from(bytes);
      turned[at] = (turned[at] ?? 0) ^ (1 << bit);
      const line = ends.findIndex((end) => at < end);
      // A line end that is none any more takes the next line with it.
      const isEnd = ends.includes(at + 1);
      const lost = new Set(isEnd ? [line, line + 1] : [line]);
      const dir = place(turned);
      const ledger = await openLedger(dir);
      const expected = fold(writes.filter((_, index) => !lost.has(index)));
      const isTail = Math.max(...lost) >= writes.length - 1;
      if (!isTail) for (const one of expected.prompts.values()) if (one.stage === "queued") one.stage = "handing";
      expect(snapshotOf(ledger.state)).toEqual(snapshotOf(expected));
      expect(ledger.lostLines).toBeGreaterThan(0);
      expect(existsSync(`${join(dir, LEDGER_FILE)}.damaged`)).toBe(!isTail);
      await ledger.close();
      const again = await openLedger(dir);
      expect([again.lostLines, snapshotOf(again.state)]).toEqual([0, snapshotOf(expected)]);
      await again.close();
      rmSync(dir, { recursive: true });
    }),
    { numRuns: 120 },
  );
}, 240_000);

test("bounded: a full backlog is rewritten once, and the file stays under its limit whatever happens", async () => {
  const dir = place(new Uint8Array());
  const maxBytes = 200_000;
  const ledger = await openLedger(dir, { maxBytes });
  const content = "x".repeat(1_000);
  for (let at = 0; at < 1_000; at++) {
    await ledger.write({ k: "out", key: `k${at}`, content, at });
    if (at >= 100) await ledger.write({ k: "acked", keys: [`k${at - 100}`] });
    expect(readFileSync(join(dir, LEDGER_FILE)).length).toBeLessThanOrEqual(maxBytes);
  }
  await ledger.close();
  const again = await openLedger(dir, { maxBytes });
  expect([...again.state.backlog.keys()]).toEqual(Array.from({ length: 100 }, (_, at) => `k${at + 900}`));
  await again.close();
});
