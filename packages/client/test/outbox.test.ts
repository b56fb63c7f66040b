import { describe, expect, test } from "bun:test";
import { AppError } from "@hapi/protocol";
import { createOutbox, type OutboxEntry, type OutboxStorage } from "../src/index.ts";
import { manualClock } from "./manual-clock.ts";

/** Storage that outlives outboxes, as a device does. */
function device(): OutboxStorage & { entries: Map<string, OutboxEntry> } {
  const entries = new Map<string, OutboxEntry>();
  return {
    entries,
    list: async () => [...entries.values()].map((entry) => structuredClone(entry)),
    put: async (entry) => void entries.set(entry.localId, structuredClone(entry)),
    delete: async (localId) => void entries.delete(localId),
  };
}

/** A hub that takes a prompt once per localId and answers as told. */
function hub() {
  const accepted: string[] = [];
  let answers: (() => void | AppError)[] = [];
  return {
    accepted,
    next: (...list: (() => void | AppError)[]) => {
      answers = list;
    },
    send: async (sessionId: string, body: { localId?: string; text: string }) => {
      const answer = answers.shift()?.();
      if (answer instanceof AppError && answer.code !== "timeout") throw answer;
      const key = `${sessionId}:${body.localId}`;
      if (!accepted.includes(key)) accepted.push(key);
      if (answer) throw answer;
    },
  };
}

function outboxOn(storage: OutboxStorage, server: ReturnType<typeof hub>) {
  const clock = manualClock();
  let serial = 0;
  const sent: string[] = [];
  const outbox = createOutbox({
    storage,
    send: server.send,
    newId: () => `id${(serial += 1)}`,
    onSent: (entry) => sent.push(entry.localId),
    clock,
    random: () => 0,
  });
  return { outbox, clock, sent };
}

const away = () => new AppError("hub_unreachable");
const lost = () => new AppError("timeout");
const refused = () => new AppError("session_not_found");

describe("outbox", () => {
  test("a prompt longer than any agent takes is not kept: whoever wrote it hears the limit", async () => {
    const { outbox } = outboxOn(device(), hub());
    await outbox.start();
    await expect(outbox.add({ sessionId: "s", text: "x".repeat(1_000_001) })).rejects.toMatchObject({
      code: "body_too_large",
      message: expect.stringContaining("1 MB"),
    });
    expect(outbox.entries).toEqual([]);
  });

  test("keeps a prompt until the hub has it, in order, once, whatever answers are lost", async () => {
    const storage = device();
    const server = hub();
    server.next(
      away,
      lost,
      () => undefined,
      () => undefined,
    );
    const { outbox, clock, sent } = outboxOn(storage, server);
    await outbox.start();
    await outbox.add({ sessionId: "s", text: "one" });
    await outbox.add({ sessionId: "s", text: "two" });
    await clock.advance(0);
    expect(storage.entries.size).toBe(2);
    await clock.advance(1_000);
    expect(server.accepted).toEqual(["s:id1"]);
    expect(storage.entries.size).toBe(2);
    await clock.advance(2_000);
    expect(server.accepted).toEqual(["s:id1", "s:id2"]);
    expect(sent).toEqual(["id1", "id2"]);
    expect(storage.entries.size).toBe(0);
  });

  test("survives a reload", async () => {
    const storage = device();
    const server = hub();
    server.next(lost);
    const first = outboxOn(storage, server);
    await first.outbox.start();
    await first.outbox.add({ sessionId: "s", text: "one" });
    await first.clock.advance(0);
    first.outbox.stop();
    const second = outboxOn(storage, server);
    await second.outbox.start();
    await second.clock.advance(0);
    expect(server.accepted).toEqual(["s:id1"]);
    expect(storage.entries.size).toBe(0);
  });

  test("a refusal keeps the text, does not hold up the next prompt, and can be tried again", async () => {
    const storage = device();
    const server = hub();
    server.next(refused);
    const { outbox, clock } = outboxOn(storage, server);
    await outbox.start();
    await outbox.add({ sessionId: "s", text: "precious" });
    await outbox.add({ sessionId: "s", text: "two" });
    await clock.advance(0);
    expect(outbox.entries).toMatchObject([{ text: "precious", state: "rejected", error: { code: "session_not_found" } }]);
    expect([...storage.entries.values()]).toMatchObject([{ state: "rejected" }]);
    await outbox.retry("id1");
    await clock.advance(0);
    expect(server.accepted).toEqual(["s:id2", "s:id1"]);
  });

  test("one session that waits does not hold up another; a kick ends the wait", async () => {
    const storage = device();
    const server = hub();
    server.next(away);
    const { outbox, clock } = outboxOn(storage, server);
    await outbox.start();
    await outbox.add({ sessionId: "a", text: "one" });
    await outbox.add({ sessionId: "b", text: "two" });
    await clock.advance(0);
    expect(server.accepted).toEqual(["b:id2"]);
    outbox.kick();
    await clock.advance(0);
    expect(server.accepted).toEqual(["b:id2", "a:id1"]);
  });

  test("cancel takes back what is here, and says when it is too late", async () => {
    const storage = device();
    const server = hub();
    server.next(away);
    const { outbox, clock } = outboxOn(storage, server);
    await outbox.start();
    await outbox.add({ sessionId: "s", text: "one" });
    await clock.advance(0);
    expect(await outbox.cancel("id1")).toBe("removed");
    expect(storage.entries.size).toBe(0);
    await clock.advance(60_000);
    expect(server.accepted).toEqual([]);
    expect(await outbox.cancel("id1")).toBe("sent");
  });

  test("cancel of one on its way waits for it: landed is too late, failed is not sent again", async () => {
    for (const [answer, result] of [
      [() => undefined, "sent"],
      [away, "removed"],
    ] as const) {
      const storage = device();
      const server = hub();
      server.next(answer);
      const { outbox, clock } = outboxOn(storage, server);
      await outbox.start();
      await outbox.add({ sessionId: "s", text: "one" });
      expect(await outbox.cancel("id1")).toBe(result);
      await clock.advance(60_000);
      expect(storage.entries.size).toBe(0);
      expect(server.accepted).toHaveLength(result === "sent" ? 1 : 0);
    }
  });

  /** Two tabs: one storage, one claim per session. */
  function tabs(server: ReturnType<typeof hub>) {
    const storage = device();
    const claims = new Map<string, Promise<unknown>>();
    const exclusive = async <T>(sessionId: string, work: () => Promise<T>): Promise<T> => {
      const claim = (claims.get(sessionId) ?? Promise.resolve()).then(work, work);
      claims.set(
        sessionId,
        claim.catch(() => undefined),
      );
      return claim;
    };
    const tab = (name: string) => {
      let serial = 0;
      const clock = manualClock();
      const newId = () => `${name}${(serial += 1)}`;
      return { clock, outbox: createOutbox({ storage, send: server.send, newId, exclusive, clock, random: () => 0 }) };
    };
    return { storage, one: tab("a"), two: tab("b") };
  }

  test("two that share a storage send each prompt once, in the order it was written", async () => {
    const server = hub();
    const sends: string[] = [];
    const counted = {
      ...server,
      send(id: string, body: { localId?: string; text: string }) {
        sends.push(body.text);
        return server.send(id, body);
      },
    };
    const { storage, one, two } = tabs(counted);
    server.next(away, away);
    await one.outbox.start();
    await two.outbox.start();
    await one.outbox.add({ sessionId: "s", text: "first" });
    await one.clock.advance(0);
    await two.clock.advance(10_000);
    await two.outbox.add({ sessionId: "s", text: "second" });
    await two.clock.advance(0);
    expect(server.accepted).toEqual([]);
    sends.length = 0;
    await Promise.all([two.clock.advance(5_000), one.clock.advance(5_000)]);
    await two.clock.advance(0);
    expect(server.accepted).toEqual(["s:a1", "s:b1"]);
    expect(sends).toEqual(["first", "second"]);
    expect(storage.entries.size).toBe(0);
    await one.outbox.refresh();
    expect(one.outbox.entries).toEqual([]);
  });

  test("what one took back, or was refused, the other does not send", async () => {
    const server = hub();
    const { one, two } = tabs(server);
    server.next(away, away);
    await one.outbox.start();
    await one.outbox.add({ sessionId: "s", text: "taken back" });
    await one.clock.advance(0);
    await two.outbox.start();
    await two.clock.advance(0);
    expect(two.outbox.entries).toHaveLength(1);
    expect(await two.outbox.cancel("a1")).toBe("removed");
    await one.clock.advance(60_000);
    expect(server.accepted).toEqual([]);
    expect(one.outbox.entries).toEqual([]);
    expect(await one.outbox.cancel("a1")).toBe("sent");
    server.next(refused);
    await one.outbox.add({ sessionId: "s", text: "refused" });
    await one.clock.advance(0);
    await two.outbox.refresh();
    await two.clock.advance(60_000);
    expect(two.outbox.entries).toMatchObject([{ text: "refused", state: "rejected" }]);
    expect(server.accepted).toEqual([]);
  });

  test("a storage that forgets nothing sends nothing twice", async () => {
    const server = hub();
    const storage = { ...device(), delete: async () => Promise.reject(new Error("disk")) };
    const errors: unknown[] = [];
    const clock = manualClock();
    let serial = 0;
    const newId = () => `id${(serial += 1)}`;
    const outbox = createOutbox({
      storage,
      send: server.send,
      newId,
      clock,
      random: () => 0,
      onStorageError: (cause) => errors.push(cause),
    });
    await outbox.start();
    await outbox.add({ sessionId: "s", text: "one" });
    await clock.advance(0);
    await outbox.add({ sessionId: "s", text: "two" });
    await clock.advance(60_000);
    expect(server.accepted).toEqual(["s:id1", "s:id2"]);
    expect(outbox.entries).toEqual([]);
    expect(errors).toHaveLength(2);
  });
});
