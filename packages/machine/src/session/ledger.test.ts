import { afterEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { LEDGER_FILE, openLedger } from "./ledger.ts";
import { applyEntry, emptyState, type LedgerEntry, MAX_CLOSED_REQUESTS, MAX_FINISHED_PROMPTS, snapshotOf } from "./ledger-state.ts";

const folders: string[] = [];
const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), "machine-ledger-"));
  folders.push(dir);
  return dir;
};
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const prompt = (localId: string): LedgerEntry => ({
  k: "prompt",
  prompt: {
    localId,
    messageId: `m-${localId}`,
    seq: 1,
    at: 1,
    text: "hi",
    attachments: [],
    stage: "queued",
    row: "queued",
    wish: "run",
    stageAt: 1,
  },
});

const ids = fc.constantFrom("a", "b", "c");
const entries: fc.Arbitrary<LedgerEntry> = fc.oneof(
  ids.map(prompt),
  fc.record({
    k: fc.constant("stage" as const),
    localId: ids,
    stage: fc.constantFrom("handing", "handed", "done", "canceled"),
    at: fc.nat(),
  }),
  fc.record({
    k: fc.constant("out" as const),
    key: ids,
    content: fc.string(),
    at: fc.nat(),
    memory: fc.constantFrom({ o: 1 }, { o: 2, p: "x" }),
  }),
  fc.array(ids).map((keys) => ({ k: "acked" as const, keys })),
  fc.constantFrom({ k: "memory" as const, values: { o: 3 } }, { k: "memory" as const, values: { o: null } }),
  ids.map((id) => ({ k: "request" as const, entry: { request: { id, kind: "permission" as const, tool: "t", input: {} }, createdAt: 1 } })),
  fc.record({
    k: fc.constant("answer" as const),
    id: ids,
    answer: fc.constantFrom({ behavior: "allow" as const }, { behavior: "deny" as const }),
    at: fc.nat(),
    by: fc.constant("person" as const),
  }),
  ids.map((id) => ({
    k: "closed" as const,
    request: { id, outcome: "approved", completed: { tool: "t", arguments: {}, status: "approved" } },
  })),
  fc.constantFrom({ k: "facts" as const, patch: { turn: "t1" } }, { k: "facts" as const, patch: { lastSeq: 7 } }),
) as fc.Arbitrary<LedgerEntry>;

const fold = (list: LedgerEntry[]): unknown => {
  const state = emptyState();
  for (const entry of list) applyEntry(state, structuredClone(entry));
  return snapshotOf(state);
};

test("a snapshot stands for everything before it", () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 30 }), fc.array(entries, { maxLength: 10 }), (before, after) => {
      const snapshot = structuredClone({ k: "snapshot", state: fold(before) } as LedgerEntry);
      expect(fold([snapshot, ...after])).toEqual(fold([...before, ...after]));
    }),
  );
});

test("entries read twice after a rewrite in the middle of a batch change nothing", () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 20 }), fc.nat(20), (list, from) => {
      const ahead = structuredClone({ k: "snapshot", state: fold(list) } as LedgerEntry);
      const again = fold([ahead, ...list.slice(from)]) as { open: { request: { id: string } }[]; closed: { id: string }[]; facts: unknown };
      const plain = fold(list) as typeof again;
      expect(again.closed.map((one) => one.id).toSorted()).toEqual(plain.closed.map((one) => one.id).toSorted());
      expect(again.facts).toEqual(plain.facts);
      expect(again.open.map((one) => one.request.id).toSorted()).toEqual(plain.open.map((one) => one.request.id).toSorted());
    }),
  );
});

test("survives a crash: what was written is read again, a torn tail is not", async () => {
  const dir = folder();
  const ledger = await openLedger(dir);
  await ledger.write(prompt("a"), { k: "out", key: "k1", content: { x: 1 }, at: 5, memory: { offset: 10 } });
  await ledger.memory.commit({ uuid: "u" });
  await ledger.setFacts({ lastSeq: 4 });
  await ledger.write(prompt("b"));
  await ledger.close();
  // As after a kill in the middle of one more write.
  const path = join(dir, LEDGER_FILE);
  truncateSync(path, statSync(path).size - 3);
  appendFileSync(path, '00000000 [{"k":"facts"');

  const again = await openLedger(dir);
  expect([...again.state.prompts.keys()]).toEqual(["a"]);
  expect(again.state.backlog.get("k1")).toEqual({ key: "k1", content: { x: 1 }, at: 5 });
  expect(again.memory.get<number>("offset")).toBe(10);
  expect(again.memory.get<string>("uuid")).toBe("u");
  expect(again.state.facts.lastSeq).toBe(4);
  await again.close();
});

test("finished prompts and closed requests are bounded, open ones are never dropped", () => {
  const state = emptyState();
  applyEntry(state, prompt("open") as LedgerEntry);
  for (let at = 0; at < MAX_FINISHED_PROMPTS + 10; at++) {
    applyEntry(state, prompt(`p${at}`));
    applyEntry(state, { k: "stage", localId: `p${at}`, stage: "done", at });
  }
  for (let at = 0; at < MAX_CLOSED_REQUESTS + 5; at++) {
    applyEntry(state, {
      k: "closed",
      request: { id: `r${at}`, outcome: "approved", completed: { tool: "t", arguments: {}, status: "approved" } },
    });
  }
  expect(state.prompts.size).toBe(MAX_FINISHED_PROMPTS + 1);
  expect(state.prompts.has("open")).toBe(true);
  expect(state.prompts.has("p0")).toBe(false);
  expect(state.closed.size).toBe(MAX_CLOSED_REQUESTS);
});

test("the file is rewritten when it has grown, and says the same", async () => {
  const dir = folder();
  const ledger = await openLedger(dir);
  const big = "x".repeat(64 * 1024);
  for (let at = 0; at < 100; at++) {
    await ledger.write({ k: "out", key: `k${at}`, content: big, at, memory: { at } });
    await ledger.write({ k: "acked", keys: [`k${at}`] });
  }
  await ledger.close();
  expect(statSync(join(dir, LEDGER_FILE)).size).toBeLessThan(4.5 * 1024 * 1024);
  const again = await openLedger(dir);
  expect(again.state.backlog.size).toBe(0);
  expect(again.memory.get<number>("at")).toBe(99);
  await again.close();
});

test("a failed write is reported, not swallowed", async () => {
  const dir = folder();
  const ledger = await openLedger(dir, { maxBytes: 2_000 });
  const causes: unknown[] = [];
  ledger.onFailure((cause) => causes.push(cause));
  await expect(ledger.write({ k: "out", key: "big", content: "x".repeat(5_000), at: 1 })).rejects.toThrow();
  expect(causes).toHaveLength(1);
  await ledger.close();
});
