import { describe, expect, test } from "bun:test";
import { sessionSummary } from "@hapi/core";
import type { Message, Session } from "@hapi/protocol";
import { createHubApi, createSyncEngine, type KeyValueStorage, type SyncEngine, type SyncOptions } from "../src/index.ts";
import { manualClock } from "./manual-clock.ts";
import { startHttpHub } from "./scripted-http-hub.ts";
import { sleepless } from "./sleepless.ts";

const session: Session = {
  id: "s",
  namespace: "default",
  seq: 1,
  createdAt: 1,
  updatedAt: 1,
  active: true,
  activeAt: 1,
  metadata: { path: "/p", host: "h" },
  metadataVersion: 1,
  agentState: null,
  agentStateVersion: 1,
  thinking: false,
  thinkingAt: 0,
};
const row = (seq: number): Message => ({
  id: `m${seq}`,
  seq,
  localId: null,
  createdAt: seq,
  invokedAt: seq,
  content: { role: "agent", content: `t${seq}` },
});
const pageOf = (rows: Message[], query: URLSearchParams, epoch = 0) => {
  const limit = Number(query.get("limit"));
  const before = query.get("beforeSeq");
  const after = query.get("afterSeq");
  const pool = rows.filter((one) => (before ? (one.seq ?? 0) < Number(before) : after ? (one.seq ?? 0) > Number(after) : true));
  const messages = after ? pool.slice(0, limit) : pool.slice(-limit);
  const seqOf = (one: Message | undefined): number | null => one?.seq ?? null;
  return {
    messages,
    page: {
      direction: before ? "before" : after ? "after" : "latest",
      limit,
      epoch,
      reset: false,
      nextBeforeSeq: after ? null : seqOf(messages[0]),
      nextBeforeAt: after ? null : seqOf(messages[0]),
      nextAfterSeq: after ? seqOf(messages.at(-1)) : null,
      nextAfterAt: after ? seqOf(messages.at(-1)) : null,
      snapshotHeadSeq: seqOf(rows.at(-1)),
      snapshotHeadAt: seqOf(rows.at(-1)),
      hasMore: pool.length > messages.length,
    },
  };
};
const hello = (resume: "ok" | "gap") => ({ type: "connection-changed", data: { status: "connected", subscriptionId: "x", resume } });
const received = (message: Message) => ({ type: "message-received", sessionId: "s", message });

async function scripted(rows: Message[]) {
  const hub = await startHttpHub({
    "POST /api/auth": () => ({ token: "opaque", user: {} }),
    "GET /api/sessions": () => ({ sessions: [sessionSummary(session)] }),
    "GET /api/sessions/s": () => ({ session }),
    "GET /api/machines": () => ({ machines: [] }),
    "GET /api/sessions/s/messages": (request) => pageOf(rows, new URL(request.url).searchParams),
  });
  return hub;
}

function engineOn(url: string, more: Partial<SyncOptions> = {}) {
  const clock = manualClock();
  const changed = sleepless();
  const engine = createSyncEngine({
    api: createHubApi({ baseUrl: url, accessToken: () => "t", clock }),
    onChange: changed.tell,
    onStatus: changed.tell,
    clock,
    random: () => 0,
    pageSize: 3,
    ...more,
  });
  const ids = (): string[] => engine.state.windows.s?.rows.map((one) => one.id) ?? [];
  return { engine, clock, ids, until: changed.until };
}

const memory = (): KeyValueStorage & { values: Map<string, unknown>; until(condition: () => boolean): Promise<void> } => {
  const values = new Map<string, unknown>();
  const changed = sleepless();
  return {
    values,
    until: changed.until,
    get: async (key) => structuredClone(values.get(key)),
    async set(key, value) {
      values.set(key, structuredClone(value));
      changed.tell();
    },
    delete: async (key) => void values.delete(key),
  };
};

describe("sync engine", () => {
  test("reads list, session and newest page; follows events; reads older pages", async () => {
    const rows = [1, 2, 3, 4, 5].map(row);
    await using hub = await scripted(rows);
    const { engine, ids, until } = engineOn(hub.url);
    await engine.start();
    const close = engine.openSession("s");
    const wire = await hub.stream(0);
    wire.send(hello("gap"));
    await until(() => ids().length === 3 && engine.listed === "hub" && engine.state.sessions.s !== undefined);
    expect(engine.state.summaries.s?.id).toBe("s");
    wire.send(received(row(6)));
    wire.send({ type: "session-updated", sessionId: "s", data: { thinking: true } });
    await until(() => engine.state.summaries.s?.thinking === true);
    expect(ids()).toEqual(["m3", "m4", "m5", "m6"]);
    expect(await engine.loadOlder("s")).toBe(false);
    expect(ids()).toEqual(["m1", "m2", "m3", "m4", "m5", "m6"]);
    close();
    await engine.stop();
  });

  test("a long list comes in pages: the newest at once; what moved or went meanwhile is right at the end", async () => {
    const ids = Array.from({ length: 600 }, (_, index) => `n${String(index).padStart(3, "0")}`);
    const summaries = new Map(ids.map((id, index) => [id, { ...sessionSummary({ ...session, id, updatedAt: 1_000 - index }) }]));
    const asked: string[] = [];
    const pauses: (() => void)[] = [];
    const paused = sleepless();
    await using hub = await startHttpHub({
      "POST /api/auth": () => ({ token: "opaque", user: {} }),
      "GET /api/machines": () => ({ machines: [] }),
      "GET /api/sessions": async (request) => {
        const { searchParams } = new URL(request.url);
        const [cursor, limit] = [searchParams.get("cursor") ?? "none", Number(searchParams.get("limit"))];
        asked.push(cursor);
        if (cursor !== "") {
          const { promise, resolve } = Promise.withResolvers<void>();
          pauses.push(resolve);
          paused.tell();
          await promise;
        }
        const all = [...summaries.values()].sort((a, b) => b.updatedAt - a.updatedAt);
        const page = all.filter((one) => cursor === "" || one.updatedAt < Number(cursor)).slice(0, limit);
        return { sessions: page, nextCursor: page.length === limit ? String(page.at(-1)?.updatedAt) : null };
      },
    });
    const storage = memory();
    const ghost = sessionSummary({ ...session, id: "ghost" });
    storage.values.set("sync.v1.list", { summaries: { ghost, n500: summaries.get("n500") }, machines: {} });
    const { engine, until } = engineOn(hub.url, { storage });
    await engine.start();
    const wire = await hub.stream(0);
    wire.send(hello("gap"));
    await until(() => engine.listed === "hub");
    const known = (): string[] => Object.keys(engine.state.summaries);
    expect(known()).toHaveLength(27);
    // the oldest of all comes to the top, another goes, while the pages between are read
    await paused.until(() => pauses.length === 1);
    summaries.set("n500", { ...summaries.get("n500")!, updatedAt: 2_000 });
    summaries.delete("n599");
    wire.send({ type: "session-updated", sessionId: "n500", data: { updatedAt: 2_000 } });
    wire.send({ type: "session-removed", sessionId: "n599" });
    await until(() => engine.state.summaries["n500"]?.updatedAt === 2_000);
    for (let page = 1; page <= 3; page += 1) {
      await paused.until(() => pauses.length === page);
      pauses[page - 1]?.();
    }
    await until(() => known().length === 599 && engine.state.summaries["ghost"] === undefined);
    expect(known().sort()).toEqual([...summaries.keys()].sort());
    expect(asked[0]).toBe("");
    expect(asked).not.toContain("none");
    await engine.stop();
  });

  test("after a gap the tail is read, forward where the newest page does not reach back", async () => {
    const rows = [1, 2, 3].map(row);
    await using hub = await scripted(rows);
    const { engine, clock, ids, until } = engineOn(hub.url);
    await engine.start();
    engine.openSession("s");
    const first = await hub.stream(0);
    first.send(hello("gap"));
    await until(() => ids().length === 3 && engine.state.windows.s?.stale === false);
    for (let seq = 4; seq <= 12; seq += 1) rows.push(row(seq));
    await clock.advance(6_000);
    first.close();
    await until(() => engine.status.phase === "waiting");
    await clock.advance(0);
    (await hub.stream(1)).send(hello("gap"));
    await until(() => ids().length === 12);
    expect(ids()).toEqual(rows.map((one) => one.id));
    await engine.stop();
  });

  test("an event that arrives while a page is on its way is not undone by it", async () => {
    const rows = [1, 2].map(row);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using hub = await startHttpHub({
      "POST /api/auth": () => ({ token: "opaque", user: {} }),
      "GET /api/sessions": () => ({ sessions: [sessionSummary(session)] }),
      "GET /api/sessions/s": async () => {
        await held;
        return { session };
      },
      "GET /api/machines": () => ({ machines: [] }),
      "GET /api/sessions/s/messages": async (request) => {
        const page = pageOf(rows, new URL(request.url).searchParams);
        await held;
        return page;
      },
    });
    const { engine, ids, until } = engineOn(hub.url);
    await engine.start();
    engine.openSession("s");
    const wire = await hub.stream(0);
    wire.send(hello("gap"));
    await until(() => engine.listed === "hub");
    wire.send(received(row(3)));
    wire.send({ type: "session-updated", sessionId: "s", data: { thinking: true } });
    await until(() => engine.state.summaries.s?.thinking === true);
    release();
    await until(() => ids().length === 3 && engine.state.sessions.s !== undefined);
    expect(engine.state.sessions.s?.thinking).toBe(true);
    expect(engine.state.summaries.s?.thinking).toBe(true);
    await engine.stop();
  });

  test("shows what the device kept before the hub answers, and forgets it when told", async () => {
    const storage = memory();
    const rows = [1, 2, 3, 4].map(row);
    await using hub = await scripted(rows);
    const first = engineOn(hub.url, { storage });
    await first.engine.start();
    first.engine.openSession("s");
    (await hub.stream(0)).send(hello("gap"));
    await first.until(() => first.ids().length === 3 && first.engine.listed === "hub" && first.engine.state.sessions.s !== undefined);
    await first.engine.stop();

    const second = engineOn("http://127.0.0.1:1", { storage });
    await second.engine.start();
    second.engine.openSession("s");
    await second.until(() => second.ids().length === 3);
    expect(second.engine.listed).toBe("cache");
    expect(second.engine.state.summaries.s?.id).toBe("s");
    expect(second.engine.state.windows.s).toMatchObject({ stale: true, hasOlder: true });
    await second.engine.stop({ forget: true });
    expect(storage.values.size).toBe(0);
  });

  test.each([
    ["the network goes", (engine: SyncEngine) => engine.setOnline(false)],
    ["the app goes to the background", (engine: SyncEngine) => engine.setVisible(false)],
  ])("%s: what is on screen is kept at once, for a tab that is killed right after", async (_, happens) => {
    const storage = memory();
    const rows = [1, 2, 3].map(row);
    await using hub = await scripted(rows);
    const { engine, until, ids } = engineOn(hub.url, { storage });
    await engine.start();
    engine.openSession("s");
    (await hub.stream(0)).send(hello("gap"));
    await until(() => ids().length === 3 && engine.listed === "hub" && engine.state.sessions.s !== undefined);
    expect(storage.values.size).toBe(0);
    // The clock stands still: nothing that waits for its time is done.
    happens(engine);
    await storage.until(() => storage.values.has("sync.v1.window.s") && storage.values.has("sync.v1.list"));
    await engine.stop();
  });

  test("a session that is not there any more is dropped, and its failure told", async () => {
    await using hub = await scripted([]);
    const errors: string[] = [];
    const { engine, until } = engineOn(hub.url, { onError: (error) => errors.push(error.code) });
    await engine.start();
    engine.openSession("gone");
    (await hub.stream(0)).send(hello("gap"));
    await until(() => engine.listed === "hub" && engine.state.windows.gone === undefined);
    expect(errors).toContain("not_found");
    await engine.stop();
  });
});
