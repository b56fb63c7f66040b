/** The contract of the stores, run on every implementation of the ports. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Message, SyncEvent } from "@hapi/protocol";
import { factsOfRow } from "@hapi/core";
import fc from "fast-check";
import type { Passkey } from "../../src/auth/passkeys/store.ts";
import type { Credential } from "../../src/auth/store.ts";
import type { Bus } from "../../src/events/bus.ts";
import { firstPlace } from "../../src/facts/store.ts";
import type { PageQuery } from "../../src/messages/store.ts";
import { type Job, leaseMs } from "../../src/jobs/store.ts";
import type { Stop } from "../../src/sessions/stops.ts";
import type { Stores, TransactionStores } from "../../src/stores.ts";

export interface OpenedStores {
  stores: Stores;
  bus: Bus;
  /** Stores of another hub on the same data, where that can be. */
  beside?(): OpenedStores;
  close(): Promise<void>;
}

export function storeContract(name: string, open: (now: () => number) => OpenedStores): void {
  describe(`${name} keeps the stores' contract`, () => {
    let now = 1_000_000;
    let opened: OpenedStores;
    let heard: SyncEvent[] = [];
    let seqs: number[] = [];
    beforeEach(() => {
      now = 1_000_000;
      heard = [];
      seqs = [];
      opened = open(() => now);
      opened.bus.subscribe((events) => {
        heard.push(...events.map((event) => event.event));
        seqs.push(...events.flatMap((event) => event.seq ?? []));
      });
    });
    afterEach(() => opened.close());

    const create = async (tag = "t", namespace = "ns"): Promise<string> => {
      const created = await opened.stores.sessions.create({ namespace, tag, metadata: { path: "/p", host: "h" }, agentState: null });
      return created.kind === "conflict" ? "" : created.session.id;
    };
    const say = (id: string, key: string): Promise<string> => {
      const content = { role: "agent", content: { key } };
      return opened.stores.messages.append(id, { content, text: JSON.stringify(content), key, isContent: true, isWork: true, facts: [] });
    };
    const ask = (id: string, localId: string, scheduledAt: number | null = null): Promise<unknown> =>
      opened.stores.messages.enqueue(id, { localId, content: { role: "user" }, scheduledAt, wake: false, holder: "hub" });

    test("a change is told after it is committed, in the order of the log", async () => {
      const id = await create();
      await Promise.all([say(id, "a"), say(id, "b"), opened.stores.sessions.change(id, { thinking: true }), say(id, "c")]);
      expect(heard.map((event) => event.type)).toEqual([
        "session-added",
        "message-received",
        "message-received",
        "session-updated",
        "message-received",
      ]);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      expect(await opened.stores.log.head()).toBe(seqs.at(-1) ?? 0);
      await opened.stores.durable();
    });

    test("a key is stored once, whoever comes first", async () => {
      const id = await create();
      expect(await Promise.all([say(id, "k"), say(id, "k")])).toEqual(["stored", "repeated"]);
      expect(await say(id, "k")).toBe("repeated");
      expect(heard.filter((event) => event.type === "message-received")).toHaveLength(1);
      expect(await say("nobody", "k")).toBe("missing");
    });

    test("positions never go back, also when the clock does", async () => {
      const id = await create();
      await say(id, "a");
      now -= 60_000;
      await say(id, "b");
      await ask(id, "l");
      now += 10;
      await opened.stores.messages.consume(id, ["l"], false);
      await say(id, "c");
      const { messages, page } = await opened.stores.messages.page(id, { direction: "latest", limit: 10 });
      expect(messages.map((row) => row.seq)).toEqual([1, 2, 3, 4]);
      const at = messages.map((row) => row.invokedAt ?? 0);
      expect(at).toEqual(at.toSorted((a, b) => a - b));
      expect(page.epoch).toBe(0);
    });

    test("versions: only who knows the current one may write; the same again is no change", async () => {
      const id = await create();
      const write = (version: number | null, name: string) =>
        opened.stores.sessions.updateMetadata(id, version, (current) => ({ ...(current ?? { path: "", host: "" }), name }));
      expect(await write(1, "a")).toMatchObject({ kind: "success", version: 2 });
      expect(await write(1, "b")).toMatchObject({ kind: "mismatch", version: 2, value: { name: "a" } });
      expect(await write(2, "a")).toMatchObject({ kind: "success", version: 2 });
      expect(await write(null, "c")).toMatchObject({ kind: "success", version: 3 });
    });

    test("a prompt leaves the queue once, its stages go forward only", async () => {
      const id = await create();
      await ask(id, "p");
      const { messages } = opened.stores;
      await messages.stage(id, { localId: "p", stage: "unknown", at: 1 });
      expect((await messages.find(id, "p"))?.deliveryState).toBe("indeterminate");
      expect(await messages.deliverable(id, now)).toEqual([]);
      for (const stage of ["in-transcript", "handed", "done", "failed", "accepted"] as const)
        await messages.stage(id, { localId: "p", stage, at: 2 });
      expect(await messages.find(id, "p")).toMatchObject({ stage: "done" });
      await messages.consume(id, ["p"], true);
      expect(heard.filter((event) => event.type === "messages-consumed")).toHaveLength(1);
      expect(heard.flatMap((event) => (event.type === "message-stage" ? [event.stage] : []))).toEqual(["unknown", "in-transcript", "done"]);
    });

    test("scheduled prompts wait, mature once, and count in the list", async () => {
      const id = await create();
      await ask(id, "later", now + 500);
      const { messages } = opened.stores;
      expect(await messages.deliverable(id, now)).toEqual([]);
      expect((await messages.scheduledCounts("ns", now)).get(id)).toEqual({ count: 1, next: now + 500 });
      const prompts = ["later", "never was"].map((localId) => ({ sessionId: id, localId }));
      await messages.stage(id, { localId: "later", stage: "unknown", at: now });
      expect(await messages.matured(prompts)).toEqual([id]);
      await messages.requeue(id, ["later"]);
      expect(await messages.matured([...prompts, { sessionId: "gone", localId: "later" }])).toEqual([id]);
      expect(await messages.deliverable(id, now + 600)).toHaveLength(1);
      expect(heard.at(-1)).toMatchObject({ type: "scheduled-matured", sessionId: id });
    });

    test("credentials are kept whole, one of an id, oldest first", async () => {
      const { credentials } = opened.stores;
      const made = (id: string, createdAt: number, more: Partial<Credential> = {}): Credential => ({
        ...{ id, kind: "device", namespace: "ns", name: "Phone", role: "viewer", scopes: ["sessions:read"], machineId: null },
        ...{ secretHash: "hash", nextHashes: ["next"], spentHashes: [], createdAt, provedAt: null },
        ...{ lastUsedAt: null, lastUsedFrom: null, expiresAt: null, revokedAt: null, ...more },
      });
      const full = made("b", 2, {
        ...{ kind: "machine", role: null, machineId: "m", provedAt: 3, lastUsedAt: 4, lastUsedFrom: "::1" },
        ...{ expiresAt: 5, revokedAt: 6, spentHashes: ["one", "two"] },
      });
      await credentials.put(full);
      await credentials.put(made("c", 1));
      await credentials.put(made("a", 1));
      await credentials.put(made("c", 1, { name: "Tablet" }));
      expect(await credentials.all()).toEqual([made("a", 1), made("c", 1, { name: "Tablet" }), full]);
    });

    test("passkeys are kept whole, one of an id, oldest first, until they are removed", async () => {
      const { passkeys } = opened.stores;
      const made = (id: string, createdAt: number, more: Partial<Passkey> = {}): Passkey => ({
        ...{ id, namespace: "ns", userHandle: "handle", name: "Phone", rpId: "localhost", publicKey: "key", counter: 0 },
        ...{ transports: [], isSynced: false, createdAt, lastUsedAt: null, ...more },
      });
      const full = made("b", 2, { counter: 2 ** 32 - 1, transports: ["internal", "hybrid"], isSynced: true, lastUsedAt: 3 });
      await passkeys.put(full);
      await passkeys.put(made("c", 1));
      await passkeys.put(made("a", 1));
      await passkeys.put(made("c", 1, { name: "Key", counter: 7 }));
      expect(await passkeys.all()).toEqual([made("a", 1), made("c", 1, { name: "Key", counter: 7 }), full]);
      await passkeys.remove("c");
      await passkeys.remove("nobody's");
      expect((await passkeys.all()).map(({ id }) => id)).toEqual(["a", "b"]);
    });

    describe("jobs", () => {
      const keysOf = (claimed: readonly Job[]): string[] => claimed.map(({ key }) => key);

      test("fall due in their order, are in one pair of hands, and are done once", async () => {
        const { jobs } = opened.stores;
        await jobs.put({ kind: "k", key: "b", due: now + 20, data: { deep: [1] } });
        await jobs.put({ kind: "k", key: "a", due: now + 10 });
        await jobs.put({ kind: "other", key: "a", due: now });
        expect([await jobs.next("k"), await jobs.claim("k", now)]).toEqual([now + 10, []]);
        now += 20;
        const claimed = await jobs.claim("k", now);
        expect(claimed).toMatchObject([
          { key: "a", data: null, attempts: 1 },
          { key: "b", data: { deep: [1] }, attempts: 1 },
        ]);
        expect(await jobs.claim("k", now)).toEqual([]);
        const [a, b] = claimed as [Job, Job];
        expect([await jobs.done(a), await jobs.done(a)]).toEqual([true, false]);
        await jobs.putOff(b, now + 5);
        expect(await jobs.next("k")).toBe(now + 5);
        expect(await jobs.done(b)).toBe(false);
        expect(await jobs.claim("k", now + 5)).toMatchObject([{ key: "b", attempts: 2 }]);
      });

      test("of somebody who is gone are begun with again, also after the clock was set back", async () => {
        const { jobs } = opened.stores;
        await jobs.put({ kind: "k", key: "a", due: now });
        const [lost] = await jobs.claim("k", now);
        expect(await jobs.next("k")).toBe(now + leaseMs);
        expect(await jobs.claim("k", now + leaseMs - 1)).toEqual([]);
        const [again] = await jobs.claim("k", now + leaseMs);
        expect([await jobs.done(lost as Job), again?.attempts]).toEqual([false, 2]);
        expect(keysOf(await jobs.claim("k", now - 1))).toEqual([]);
        await jobs.put({ kind: "k", key: "b", due: now - 9_000 });
        await jobs.claim("k", now + 3_600_000);
        expect(keysOf(await jobs.claim("k", now))).toEqual(["b", "a"]);
      });

      test("wait for whom they concern, and begin anew where that comes back meanwhile", async () => {
        const { jobs } = opened.stores;
        await jobs.put({ kind: "k", key: "a", due: null, subject: "m" });
        await jobs.put({ kind: "k", key: "b", due: null, subject: "n" });
        expect([await jobs.next("k"), await jobs.claim("k", now)]).toEqual([null, []]);
        await jobs.hurry("k", "m", now);
        const [early] = await jobs.claim("k", now, { subject: "m" });
        await jobs.hurry("k", "m", now);
        await jobs.putOff(early as Job, null);
        expect(await jobs.claim("k", now, { subject: "n" })).toEqual([]);
        expect(keysOf(await jobs.claim("k", now))).toEqual(["a"]);
      });

      test("put again begin anew; dropped are gone; put with what needs them or not at all", async () => {
        const { jobs, transaction } = opened.stores;
        await jobs.put({ kind: "k", key: "a", due: now });
        const [old] = await jobs.claim("k", now);
        await jobs.put({ kind: "k", key: "a", due: now, data: 2 });
        expect(await jobs.done(old as Job)).toBe(false);
        expect(await jobs.claim("k", now)).toMatchObject([{ key: "a", data: 2, attempts: 1 }]);
        await jobs.drop("k", "a");
        const failed = transaction(async (inside) => {
          await inside.jobs.put({ kind: "k", key: "c", due: now });
          throw new Error("no");
        });
        await expect(failed).rejects.toThrow("no");
        expect(await jobs.next("k")).toBeNull();
      });
    });

    test("what was deleted is in nobody's reach, and its numbers are not used again", async () => {
      const id = await create();
      await say(id, "a");
      await ask(id, "p");
      expect(await opened.stores.messages.cancel(id, "p", "p")).toBe(true);
      expect(await opened.stores.messages.cancel(id, "p", "p")).toBe(false);
      await say(id, "b");
      const rows = await opened.stores.messages.since(id, 0, 10, now);
      expect(rows.map((row) => row.seq)).toEqual([1, 3]);
      expect(await opened.stores.sessions.remove(id)).toBe(true);
      expect(await opened.stores.sessions.get(id)).toBeNull();
      expect(await opened.stores.log.after("ns", 0, 100)).toMatchObject([{ type: "session-removed" }]);
    });

    test("the log is bounded, and says from where on it is complete", async () => {
      const id = await create();
      for (let n = 0; n < 10; n++) await say(id, `k${n}`);
      now += 25 * 3600_000;
      await say(id, "young");
      await opened.stores.log.prune(now);
      expect(await opened.stores.log.after("ns", 0, 100)).toBeNull();
      const head = await opened.stores.log.head();
      expect(await opened.stores.log.after("ns", head - 1, 100)).toHaveLength(1);
      expect(await opened.stores.log.after("ns", head - 1, 0)).toBeNull();
      expect(await opened.stores.log.after("ns", head + 1, 100)).toBeNull();
    });

    test("what fails leaves no trace, also in what was written with it", async () => {
      const id = await create();
      const content = { role: "agent" };
      const unreadable = { toJSON: () => expect.unreachable() } as never;
      const row = { content, text: "{}", isWork: false, facts: [] };
      const before = opened.stores.messages.append(id, { ...row, key: "a", isContent: false });
      const failed = opened.stores.messages.append(id, { ...row, key: "f", isContent: true, todos: [unreadable] });
      await expect(failed).rejects.toThrow();
      expect(await before).toBe("stored");
      expect((await opened.stores.sessions.get(id))?.hasConversationContent).toBe(false);
      await say(id, "b");
      expect((await opened.stores.messages.all(id)).map((row) => row.seq)).toEqual([1, 2]);
    });

    test("a transaction is written as a whole or not at all", async () => {
      const id = await create();
      const stop: Stop = { sessionId: id, namespace: "ns", kind: "deleted", reason: null, at: now, heldUntil: now, hostPid: null };
      heard = [];
      const failed = opened.stores.transaction(async ({ sessions, stops, messages }) => {
        await stops.put(stop);
        await messages.enqueue(id, { localId: "l", content: {}, scheduledAt: null, wake: false, holder: "hub" });
        expect(await sessions.remove(id)).toBe(true);
        expect([await sessions.get(id), (await stops.get(id))?.kind]).toEqual([null, "deleted"]);
        throw new Error("the last step fails");
      });
      await expect(failed).rejects.toThrow("the last step fails");
      expect([await opened.stores.stops.get(id), (await opened.stores.sessions.get(id))?.id, heard]).toEqual([null, id, []]);
      expect(await opened.stores.messages.find(id, "l")).toBeNull();
      const removed = await opened.stores.transaction(async ({ sessions, stops }) => {
        await stops.put(stop);
        return sessions.remove(id);
      });
      expect([removed, (await opened.stores.stops.get(id))?.kind]).toEqual([true, "deleted"]);
      expect(heard.map((event) => event.type)).toEqual(["session-removed"]);
    });

    test("what fails inside a transaction and is caught takes back only itself", async () => {
      const id = await create();
      await opened.stores.transaction(async ({ sessions }) => {
        await sessions.change(id, { model: "kept" });
        const thrown = sessions.updateMetadata(id, null, () => {
          throw new Error("not this");
        });
        await expect(thrown).rejects.toThrow("not this");
      });
      expect((await opened.stores.sessions.get(id))?.model).toBe("kept");
    });

    test("nobody writes into another's transaction, and all come to their turn in order", async () => {
      const id = await create();
      const gate = Promise.withResolvers<void>();
      heard = [];
      const first = opened.stores.transaction(async ({ messages }) => {
        await messages.append(id, { content: { key: "a" }, text: '{"key":"a"}', key: "a", isContent: true, isWork: true, facts: [] });
        await gate.promise;
        await messages.append(id, { content: { key: "b" }, text: '{"key":"b"}', key: "b", isContent: true, isWork: true, facts: [] });
      });
      const others = [
        say(id, "c"),
        opened.stores.transaction(({ messages }) =>
          messages.append(id, { content: { key: "d" }, text: '{"key":"d"}', isContent: true, isWork: true, facts: [] }),
        ),
        say(id, "e"),
      ];
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      expect(heard).toEqual([]);
      gate.resolve();
      await Promise.all([first, ...others]);
      const said = heard.flatMap((event) => (event.type === "message-received" ? [event.message] : []));
      const keyOf = ({ content }: Message) =>
        (content as { content?: { key: string }; key?: string }).content?.key ?? (content as { key: string }).key;
      expect(said.map(keyOf)).toEqual(["a", "b", "c", "d", "e"]);
      expect(said.map((message) => message.seq)).toEqual([1, 2, 3, 4, 5]);
    });

    test("a transaction that was told its end writes nothing more", async () => {
      const id = await create();
      let kept: TransactionStores | null = null;
      await opened.stores.transaction(async (stores) => void (kept = stores));
      await expect((kept as unknown as TransactionStores).sessions.change(id, { model: "late" })).rejects.toMatchObject({
        code: "not_ready",
      });
    });

    test("what another hub on the same data writes is seen, and is not written over", async () => {
      if (!opened.beside) return;
      const id = await create();
      const other = opened.beside();
      await say(id, "mine");
      await other.stores.messages.append(id, { content: {}, text: "{}", key: "theirs", isContent: true, isWork: true, facts: [] });
      await other.stores.sessions.change(id, { model: "theirs" });
      await other.stores.sessions.updateMetadata(id, null, () => ({ path: "/q", host: "h" }));
      expect(await opened.stores.sessions.get(id)).toMatchObject({ model: "theirs", metadata: { path: "/q" }, metadataVersion: 2 });
      await opened.stores.sessions.change(id, { effort: "mine" });
      await say(id, "mine too");
      expect(await other.stores.sessions.get(id)).toMatchObject({ model: "theirs", effort: "mine" });
      expect((await other.stores.messages.all(id)).map((row) => row.seq)).toEqual([1, 2, 3]);
      const entries = await opened.stores.log.after("ns", 0, 100);
      expect(entries).toHaveLength(await opened.stores.log.head());
      await opened.stores.sessions.merge(id, await create("second"));
      expect((await other.stores.sessions.get(id))?.tag ?? (await other.stores.sessions.canonicalId(id))).not.toBe(id);
      await other.close();
    });

    test("pages are those of a naive model", async () => {
      const step = fc.oneof(
        { weight: 5, arbitrary: fc.constant("say" as const) },
        { weight: 2, arbitrary: fc.constant("ask" as const) },
        { weight: 2, arbitrary: fc.constant("consume" as const) },
        { weight: 1, arbitrary: fc.constant("cancel" as const) },
        { weight: 2, arbitrary: fc.constant("tick" as const) },
      );
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), async (steps, limit) => {
          const id = await create(`run-${run++}`);
          const queue: string[] = [];
          for (const [index, kind] of steps.entries()) {
            if (kind === "say") await say(id, `k${index}`);
            else if (kind === "ask") {
              queue.push(`l${index}`);
              await ask(id, `l${index}`);
            } else if (kind === "consume" && queue.length > 0)
              await opened.stores.messages.consume(id, queue.splice(0, 1 + (index % 2)), false);
            else if (kind === "cancel" && queue.length > 0) await opened.stores.messages.cancel(id, queue.pop() ?? "", "x");
            else now += 1;
          }
          await checkPages(opened.stores, id, limit);
        }),
        { numRuns: 60 },
      );
    });

    describe("facts", () => {
      const facts = [{ kind: "turn-started" as const }];
      const tell = (id: string, key: string): Promise<string> =>
        opened.stores.messages.append(id, { content: { key }, text: JSON.stringify({ key }), key, isContent: false, isWork: false, facts });
      const request = { tool: "Bash", arguments: {} };
      const state = (id: string, ids: readonly string[]) =>
        opened.stores.sessions.updateAgentState(id, null, () => ({ requests: Object.fromEntries(ids.map((one) => [one, request])) }));
      const stored = () => opened.stores.facts.after(0, 100);

      test("are stored with their row, once, and told right behind it to who asks", async () => {
        const id = await create();
        expect(await Promise.all([tell(id, "a"), tell(id, "a"), say(id, "b"), tell("nobody", "c")])).toEqual([
          "stored",
          "repeated",
          "stored",
          "missing",
        ]);
        await ask(id, "p");
        expect((await stored()).map(({ sessionId, namespace, seq, at, facts: said }) => [sessionId, namespace, seq, at, said])).toEqual([
          [id, "ns", 1, now, facts],
          [id, "ns", 3, now, [{ kind: "not-understood" }]],
        ]);
        const told = heard.map((event) => (event.type === "facts" ? `facts ${event.seq}` : event.type));
        expect(told.slice(1, 4)).toEqual(["message-received", "facts 1", "message-received"]);
        const places = (await stored()).map(({ place }) => place);
        expect(heard.flatMap((event) => (event.type === "facts" ? [event.place] : []))).toEqual(places);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(await opened.stores.facts.after(places[0] ?? 0, 1)).toHaveLength(1);
        expect(await opened.stores.facts.after(places.at(-1) ?? 0, 1)).toEqual([]);
      });

      test("tell a request when it is asked and when it is answered, not what is said again", async () => {
        const id = await create();
        await state(id, ["r1"]);
        await state(id, ["r1", "r2"]);
        await state(id, ["r2"]);
        await state(id, ["r2"]);
        const said = (await stored()).map((record) => [record.seq, ...record.facts.map((one) => `${one.kind} ${String(one["request"])}`)]);
        expect(said).toEqual([
          [null, "asked r1"],
          [null, "asked r2"],
          [null, "answered r1"],
        ]);
      });

      test("of a session that is folded into another are that one's; of one that is gone there are none", async () => {
        const into = await create("a");
        const from = await create("b");
        await tell(into, "1");
        await tell(from, "2");
        await state(from, ["r"]);
        await opened.stores.sessions.merge(from, into);
        expect((await stored()).map(({ sessionId, seq }) => [sessionId, seq])).toEqual([
          [into, 1],
          [into, 2],
          [into, null],
        ]);
        await opened.stores.sessions.remove(into);
        expect(await stored()).toEqual([]);
      });

      test("of one session are read page by page, also those of a history that was copied, which no consumer is given", async () => {
        const id = await create("a");
        const content = { role: "agent", content: { type: "codex", data: { type: "tool-call", callId: "c", name: "Bash" } } };
        for (const key of ["1", "2", "3"]) {
          const said = factsOfRow(content);
          const row = { content, text: JSON.stringify(content), key, isContent: true, isWork: true, facts: said };
          await opened.stores.messages.append(id, row);
        }
        const copy = await create("b");
        await opened.stores.messages.copyHistory(id, copy);
        await say(copy, "nothing to tell");
        await tell(copy, "4");
        await state(copy, ["r"]);
        expect((await stored()).filter(({ sessionId }) => sessionId === copy).map(({ seq }) => seq)).toEqual([5, null]);
        const whole = await opened.stores.facts.ofSession(copy, firstPlace, 10);
        expect(whole).toMatchObject({ hasMore: false, epoch: 0 });
        expect(whole.facts.map(({ seq, facts: [one] }) => [seq, one?.kind])).toEqual([
          [1, "tool-called"],
          [2, "tool-called"],
          [3, "tool-called"],
          [5, "turn-started"],
          [null, "asked"],
        ]);
        for (const limit of [1, 2, 3, 4, 5]) {
          const paged = [];
          let page = await opened.stores.facts.ofSession(copy, firstPlace, limit);
          for (; page.hasMore; page = await opened.stores.facts.ofSession(copy, page.next, limit)) paged.push(...page.facts);
          expect([...paged, ...page.facts]).toEqual(whole.facts);
          expect(await opened.stores.facts.ofSession(copy, page.next, limit)).toEqual({ ...page, facts: [] });
        }
        await opened.stores.sessions.merge(copy, id);
        const merged = await opened.stores.facts.ofSession(id, firstPlace, 100);
        expect(merged.epoch).toBe(1);
        expect(merged.facts.map(({ seq }) => seq)).toEqual([1, 2, 3, 8, null]);
        expect(await opened.stores.facts.ofSession("nobody", 7, 5)).toEqual({ facts: [], next: 7, hasMore: false, epoch: 0 });
      });

      test("a consumer begins with what comes, and goes on where it was", async () => {
        const id = await create();
        await tell(id, "before");
        const { facts: store } = opened.stores;
        const from = await store.cursor("c");
        expect(await store.after(from, 10)).toEqual([]);
        await tell(id, "after");
        const [next] = await store.after(await store.cursor("c"), 10);
        expect(next?.seq).toBe(2);
        await store.moveCursor("c", next?.place ?? 0);
        expect(await store.cursor("c")).toBe(next?.place ?? 0);
        // Places are never given out again, whatever was deleted.
        await opened.stores.sessions.remove(id);
        const other = await create("other");
        await tell(other, "later");
        expect(await store.after(await store.cursor("c"), 10)).toMatchObject([{ sessionId: other }]);
      });
    });
  });
}

const positionOf = (row: Message): [number, number] => [row.invokedAt ?? row.createdAt, row.seq ?? 0];
const compare = (a: Message, b: Message): number => positionOf(a)[0] - positionOf(b)[0] || positionOf(a)[1] - positionOf(b)[1];
const idsOf = (rows: readonly Message[]): string[] => rows.map((row) => row.id);

/** Everything, sorted by position; each kind of page must be the slice of it that the contract names. */
async function checkPages(stores: Stores, id: string, limit: number): Promise<void> {
  const all = (await stores.messages.all(id)).toSorted(compare);
  const read = (query: PageQuery) => stores.messages.page(id, query);
  const latest = await read({ direction: "latest", limit });
  const slice = all.slice(-limit);
  const queued = all.filter((row) => row.localId !== null && row.invokedAt == null && !slice.includes(row));
  expect(idsOf(latest.messages)).toEqual(idsOf([...queued, ...slice].toSorted(compare)));
  expect(latest.page.hasMore).toBe(all.length > limit);

  const backwards = [...slice];
  let { page } = latest;
  while (page.hasMore) {
    const older = await read({ direction: "before", limit, at: page.nextBeforeAt ?? 0, seq: page.nextBeforeSeq ?? 0 });
    backwards.unshift(...older.messages);
    page = older.page;
  }
  expect(idsOf(backwards)).toEqual(idsOf(all));

  for (const start of [null, all[Math.floor(all.length / 2)]]) {
    const [at, seq] = start ? positionOf(start) : [0, 0];
    const forwards: Message[] = [];
    let next = await read({ direction: "after", limit, at, seq });
    forwards.push(...next.messages);
    while (next.page.hasMore) {
      next = await read({ direction: "after", limit, at: next.page.nextAfterAt ?? 0, seq: next.page.nextAfterSeq ?? 0 });
      forwards.push(...next.messages);
    }
    expect(idsOf(forwards)).toEqual(idsOf(start ? all.filter((row) => compare(row, start) > 0) : all));
  }
  const reset = await read({ direction: "after", limit, at: 0, seq: 0, epoch: latest.page.epoch + 1 });
  expect(reset).toEqual({ ...latest, page: { ...latest.page, reset: true } });
  const until = all[Math.floor(all.length / 3)];
  if (!until) return;
  const [at, seq] = positionOf(until);
  const bounded = await read({ direction: "after", limit: 200, at: 0, seq: 0, until: { at, seq } });
  expect(idsOf(bounded.messages)).toEqual(idsOf(all.filter((row) => compare(row, until) <= 0)));
}
