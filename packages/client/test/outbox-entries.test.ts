import { expect, test } from "bun:test";
import { AppError } from "@hapi/protocol";
import fc from "fast-check";
import { bodyOf, entryOf, isPermanent, merged, type OutboxEntry } from "../src/outbox-entries.ts";
import { createHeld } from "../src/outbox-held.ts";

const entry = (localId: string, order: number, more: Partial<OutboxEntry> = {}): OutboxEntry => ({
  ...entryOf({ sessionId: "s", text: localId }, { localId, createdAt: order, order }),
  ...more,
});

test("the hub is told what was said, and nothing that was not", () => {
  expect(bodyOf(entry("a", 1))).toEqual({ text: "a", localId: "a", wake: true });
  expect(bodyOf(entry("a", 1, { scheduledAt: null }))).toEqual({ text: "a", localId: "a", wake: true });
  const attachments = [{ id: "1", filename: "f", mimeType: "text/plain", size: 1, path: "/f" }];
  const made = { localId: "a", createdAt: 1, order: 1 };
  const full = entryOf({ sessionId: "s", text: "a", attachments, scheduledAt: 9, deliveryMode: "steer" }, made);
  expect(bodyOf(full)).toEqual({ text: "a", localId: "a", wake: true, attachments, scheduledAt: 9, deliveryMode: "steer" });
  expect(full).toMatchObject({ ...made, sessionId: "s", state: "sending" });
});

test("a refusal keeps a prompt back; a hub that is away, a sign-in that is over, or an answer nobody understood does not", () => {
  const codes = ["session_not_found", "body_too_large", "hub_unreachable", "timeout", "invalid_token", "protocol_mismatch"] as const;
  expect(codes.filter((code) => isPermanent(new AppError(code)))).toEqual(["session_not_found", "body_too_large"]);
});

test("what the storage says is true, but for what it has not taken; nothing new is the same array of the same objects", () => {
  const ids = [..."abcdef"];
  const error = { code: "internal", message: "m", retryable: true };
  const some = fc.subarray(ids).map((chosen) => chosen.map((id) => entry(id, ids.indexOf(id))));
  const changes = fc.dictionary(fc.constantFrom(...ids), fc.constantFrom("rejected", "failed", "forgotten"));
  fc.assert(
    fc.property(some, some, changes, changes, (known, stored, storedChanges, pending) => {
      const remembered = known.map((one): OutboxEntry => (pending[one.localId] === "failed" ? { ...one, error } : one));
      const onDevice = stored
        .map((one): OutboxEntry => (storedChanges[one.localId] === "rejected" ? { ...one, state: "rejected", error } : one))
        .toReversed();
      const unwritten = new Map<string, OutboxEntry | null>();
      for (const [id, change] of Object.entries(pending)) {
        if (change === "forgotten") unwritten.set(id, null);
        if (change === "rejected") unwritten.set(id, entry(id, ids.indexOf(id), { state: "rejected", error }));
      }
      const next = merged(remembered, onDevice, unwritten);
      expect(next.map(({ order }) => order)).toEqual(next.map(({ order }) => order).toSorted((a, b) => a - b));
      for (const id of ids) {
        const found = next.filter((one) => one.localId === id);
        const there = onDevice.find((one) => one.localId === id);
        const before = remembered.find((one) => one.localId === id);
        const own = unwritten.get(id);
        if (own !== undefined) expect(found).toEqual(own === null ? [] : [own]);
        else if (!there) expect(found).toEqual([]);
        else expect(found).toEqual([before?.state === there.state ? before : there]);
      }
      expect(merged(next, onDevice, unwritten)).toBe(next);
    }),
  );
});

test("a list read while something was written is read again", async () => {
  const kept = [entry("a", 1)];
  let reads = 0;
  const held = createHeld(
    {
      async list() {
        reads += 1;
        const seen = [...kept];
        if (reads === 1) await held.put(entry("b", 2));
        return seen;
      },
      put: async (one) => void kept.push(one),
      delete: async () => undefined,
    },
    undefined,
  );
  await held.reread();
  expect(reads).toBe(2);
  expect(held.entries.map(({ localId }) => localId)).toEqual(["a", "b"]);
  // behind all that are stored, whatever the clock says
  expect([held.nextOrder(0), held.nextOrder(0), held.nextOrder(50)]).toEqual([3, 4, 50]);
});

test("what the storage would not forget is not shown again, until it is entered anew", async () => {
  const kept = new Map([["a", entry("a", 1)]]);
  const told: number[] = [];
  const held = createHeld(
    {
      list: async () => [...kept.values()],
      put: async (one) => void kept.set(one.localId, one),
      delete: async () => Promise.reject(new Error("disk")),
    },
    (entries) => told.push(entries.length),
  );
  await held.reread();
  held.set([]);
  await expect(held.write("a", null)).rejects.toThrow("disk");
  await held.reread();
  expect(held.entries).toEqual([]);
  await held.put(entry("a", 2));
  await held.reread();
  expect(held.entries).toEqual([entry("a", 2)]);
  expect(told).toEqual([1, 0, 1]);
});
