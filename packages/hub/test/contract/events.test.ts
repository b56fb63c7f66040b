/** The event stream: order, scopes, ids, replay, and what a reader that falls behind gets. */
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { applyPage, applySyncEvent, emptySyncState, openWindow } from "@hapi/core";
import { type MessagesResponse, type Session, type SyncEvent, syncEventSchema } from "@hapi/protocol";
import { connectHub, createManualClock, startTestHub } from "@hapi/testkit";
import { agentText, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;

describe("a subscription", () => {
  test("begins with connection-changed, without id, then caught-up when asked for", async () => {
    const client = await rig.client();
    await using sse = await client.sse("caps=caught-up");
    await sse.find(({ event }) => event.type === "caught-up");
    expect(sse.frames.map((frame) => [frame.id, frame.event.type])).toEqual([
      [undefined, "connection-changed"],
      [undefined, "caught-up"],
    ]);
    expect(sse.frames[0]?.event["data"]).toMatchObject({ status: "connected", resume: "gap" });
  });

  test("carries ids epoch:seq:tag that grow", async () => {
    const client = await rig.client();
    await using sse = await client.sse();
    const { socket } = await client.session();
    await sse.find(({ event }) => event.type === "session-updated");
    const ids = sse.frames.flatMap((frame) => (frame.id === undefined ? [] : [frame.id]));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}:\d+:[0-9a-f]{8}$/);
    const seqs = ids.map((id) => Number(id.split(":")[1]));
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    socket.close();
  });

  test("for one session hears of that session only", async () => {
    const client = await rig.client();
    const [mine, other] = [await client.session(), await client.session()];
    await using sse = await client.sse(`sessionId=${mine.id}`);
    await other.socket.emitWithAck("message", { sid: other.id, message: agentText("other") });
    await mine.socket.emitWithAck("message", { sid: mine.id, message: agentText("mine") });
    await sse.find(({ event }) => event.type === "message-received");
    expect(sse.frames.slice(1).every(({ event }) => event["sessionId"] === mine.id)).toBe(true);
    expect((await client.api("GET", "/events?sessionId=nobody")).status).toBe(404);
    expect((await client.api("GET", "/events?machineId=nothing")).status).toBe(404);
    mine.socket.close();
    other.socket.close();
  });

  test("facts go to who asks for them, right behind their row and without an id", async () => {
    const client = await rig.client();
    await using asks = await client.sse("caps=facts");
    await using plain = await client.sse("caps=stages,outcomes");
    const { id, socket } = await client.session();
    const call = { type: "codex", data: { type: "tool-call", callId: "c1", name: "Edit", input: { file_path: "/a" } } };
    await socket.emitWithAck("message", { sid: id, message: agentText("no fact") });
    await socket.emitWithAck("message", { sid: id, message: { role: "agent", content: call } });
    await socket.emitWithAck("update-state", {
      sid: id,
      expectedVersion: 1,
      agentState: { requests: { r1: { tool: "Bash", arguments: {} } } },
    });
    await asks.find(({ event }) => event.type === "facts" && event["seq"] === undefined);
    const types = asks.frames.map(({ event }) => event.type);
    expect(types.indexOf("facts")).toBe(types.lastIndexOf("message-received") + 1);
    const told = asks.of("facts");
    expect(told.map((frame) => frame.id)).toEqual([undefined, undefined]);
    expect(told.map(({ event }) => syncEventSchema.parse(event))).toMatchObject([
      { sessionId: id, seq: 2, facts: [{ kind: "tool-called", call: "c1", toolKind: "edit", files: ["/a"] }] },
      { sessionId: id, facts: [{ kind: "asked", request: "r1", tool: "Bash", wants: "permission" }] },
    ]);
    await plain.find(({ event }) => event.type === "session-updated" && JSON.stringify(event).includes("r1"));
    expect(plain.of("facts")).toEqual([]);
    socket.close();
  });

  test("session patches carry only the keys existing clients know", async () => {
    const client = await rig.client();
    await using sse = await client.sse();
    const { id, socket } = await client.session();
    socket.emit("session-alive", {
      sid: id,
      time: Date.now(),
      thinking: true,
      permissionMode: "plan",
      model: "opus",
      effort: "high",
      extra: 1,
    });
    await socket.emitWithAck("ping");
    await client.api("POST", `/sessions/${id}/messages`, { text: "x" });
    await sse.find(({ event }) => event.type === "message-received");
    const known = [
      "active",
      "thinking",
      "activeTurnStartedAt",
      "activeAt",
      "updatedAt",
      "model",
      "effort",
      "permissionMode",
      "metadata",
      "agentState",
      "todos",
    ];
    for (const { event } of sse.of("session-updated")) {
      const data = event["data"] as Json;
      if (!("id" in data)) expect(known).toEqual(expect.arrayContaining(Object.keys(data)));
    }
    socket.close();
  });

  test("streams and stages go only to those who asked, and streams have no id", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    await using plain = await client.sse();
    await using able = await client.sse("caps=stream,stages");
    await client.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "L" });
    socket.emit("stream", { sid: id, itemId: "i", kind: "text", offset: 0, delta: "Hel" });
    socket.emit("stream", { sid: id, itemId: "i", kind: "text", offset: 3, delta: "lo" });
    await socket.emitWithAck("message-stage", { sid: id, localId: "L", stage: "handed", at: 1 });
    const stage = await able.find(({ event }) => event.type === "message-stage");
    expect(stage.id).toBeDefined();
    expect(able.of("stream").map((frame) => [frame.id, frame.event["delta"]])).toEqual([
      [undefined, "Hel"],
      [undefined, "lo"],
    ]);
    await plain.find(({ event }) => event.type === "messages-consumed");
    expect([...plain.of("stream"), ...plain.of("message-stage")]).toEqual([]);
    // Who comes late gets the text so far; who comes after the stored message does not.
    await using late = await client.sse("caps=stream,caught-up");
    await late.find(({ event }) => event.type === "caught-up");
    expect(late.of("stream").map(({ event }) => [event["offset"], event["delta"]])).toEqual([[0, "Hello"]]);
    await socket.emitWithAck("message", { sid: id, message: agentText("Hello", "i") });
    await using later = await client.sse("caps=stream,caught-up");
    await later.find(({ event }) => event.type === "caught-up");
    expect(later.of("stream")).toEqual([]);
    socket.close();
  });

  test("visibility is known by subscription id", async () => {
    const client = await rig.client();
    await using sse = await client.sse();
    const { subscriptionId } = sse.frames[0]?.event["data"] as { subscriptionId: string };
    const set = (id: string, visibility: string) => client.api("POST", "/visibility", { subscriptionId: id, visibility });
    expect((await set(subscriptionId, "visible")).body).toEqual({ ok: true });
    expect(await set(crypto.randomUUID(), "hidden")).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect((await set(subscriptionId, "sideways")).status).toBe(400);
    const other = await rig.client();
    expect((await other.api("POST", "/visibility", { subscriptionId, visibility: "hidden" })).status).toBe(404);
  });
});

test("a gzip reader gets the same frames as a plain one, each as soon as it is there", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  const open = async (encoding: string) => {
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${client.jwt}`, "accept-encoding": encoding };
    const response = await fetch(`${rig.hub.url}/api/events?caps=caught-up`, { headers, signal: abort.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (mark: string): Promise<string> => {
      while (!text.includes(mark)) text += (await reader?.read())?.value ?? "";
      return text;
    };
    return { until, encoding: response.headers.get("content-encoding"), close: () => abort.abort() };
  };
  const [plain, gzip] = [await open("identity"), await open("gzip")];
  expect([plain.encoding, gzip.encoding]).toEqual([null, "gzip"]);
  await Promise.all([plain, gzip].map((reader) => reader.until("caught-up")));
  const texts: string[][] = [];
  for (const word of ["first", "second", "third"]) {
    await socket.emitWithAck("message", { sid: id, message: agentText(word) });
    texts.push(await Promise.all([plain, gzip].map((reader) => reader.until(word))));
  }
  const [left, right] = (texts.at(-1) ?? []).map((text) => text.slice(text.indexOf("id: ")));
  expect(left).toBe(right ?? "");
  plain.close();
  gzip.close();
  socket.close();
});

describe("after a reconnect", () => {
  test("what was missed comes once per entity, then live goes on", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const first = await client.sse();
    await client.api("PATCH", `/sessions/${id}`, { name: "one" });
    await first.find(({ event }) => event.type === "session-updated" && "updatedAt" in (event["data"] as Json));
    await first.close();
    for (const name of ["two", "three"]) await client.api("PATCH", `/sessions/${id}`, { name });
    await socket.emitWithAck("message", { sid: id, message: agentText("a") });
    await socket.emitWithAck("message", { sid: id, message: agentText("b") });
    socket.on("update", (_update: unknown, ack?: (answer: unknown) => void) => ack?.({ removed: true }));
    await client.api("POST", `/sessions/${id}/messages`, { text: "q", localId: "q1" });
    await client.api("DELETE", `/sessions/${id}/messages/q1`);
    await using second = await client.sse(`caps=caught-up&lastEventId=${first.lastId}`);
    await second.find(({ event }) => event.type === "caught-up");
    expect(second.frames[0]?.event["data"]).toMatchObject({ resume: "ok" });
    expect(second.of("session-updated")).toHaveLength(1);
    expect(second.of("session-updated")[0]?.event["data"]).toMatchObject({ id, metadata: { name: "three" } });
    expect(second.of("message-received")).toHaveLength(2);
    await socket.emitWithAck("message", { sid: id, message: agentText("c") });
    await second.find(({ event }) => event.type === "message-received" && JSON.stringify(event).includes('"c"'));
    expect(second.of("message-received")).toHaveLength(3);
    socket.close();
  });

  test("the header wins over the query; foreign and damaged cursors are a gap", async () => {
    const client = await rig.client();
    const { socket } = await client.session();
    await using sse = await client.sse();
    await client.session().then((session) => session.socket.close());
    await sse.find((frame) => frame.id !== undefined);
    const resume = async (query: string, headers: Record<string, string> = {}) => {
      await using again = await client.sse(query, headers);
      return (again.frames[0]?.event["data"] as Json)["resume"];
    };
    const { lastId } = sse;
    expect(await resume("lastEventId=nonsense", { "last-event-id": lastId ?? "" })).toBe("ok");
    const [epoch, , tag] = (lastId ?? "").split(":");
    for (const cursor of ["", "x", `${epoch}:999999999:${tag}`, `00000000:1:${tag}`, `${epoch}:1:00000000`])
      expect(await resume(`lastEventId=${cursor}`)).toBe("gap");
    const other = await rig.client();
    await using foreign = await other.sse(`lastEventId=${lastId}`);
    expect(foreign.frames[0]?.event["data"]).toMatchObject({ resume: "gap" });
    socket.close();
  });

  test("a restart of the hub is no gap, and sessions show as they were", async () => {
    const first = await startTestHub({ keepHome: true });
    const client = await connectHub(first, "a");
    const { id, socket } = await client.session();
    const sse = await client.sse();
    await socket.emitWithAck("message", { sid: id, message: agentText("before") });
    await sse.find(({ event }) => event.type === "message-received");
    const { lastId } = sse;
    await socket.emitWithAck("message", { sid: id, message: agentText("missed") });
    await sse.close();
    socket.close();
    await first.close();
    await using second = await startTestHub({ home: first.home });
    const again = await connectHub(second, "a");
    await using resumed = await again.sse(`lastEventId=${lastId}&caps=caught-up`);
    await resumed.find(({ event }) => event.type === "caught-up");
    expect(resumed.frames[0]?.event["data"]).toMatchObject({ resume: "ok" });
    expect(JSON.stringify(resumed.of("message-received"))).toContain("missed");
    expect((await again.api("GET", `/sessions/${id}`)).body["session"]).toMatchObject({ active: true });
  });

  test("an unclean end of the machine is a new epoch, a clean stop is not", async () => {
    const clean = await startTestHub({ keepHome: true, bootId: "boot-1" });
    const client = await connectHub(clean);
    const { socket } = await client.session();
    const sse = await client.sse();
    socket.emit("session-end", { sid: "nobody", time: 1 });
    const { socket: another } = await client.session();
    await sse.find((frame) => frame.id !== undefined);
    const { lastId } = sse;
    await sse.close();
    socket.close();
    another.close();
    await clean.close();
    await using rebooted = await startTestHub({ home: clean.home, bootId: "boot-2" });
    await using resumed = await (await connectHub(rebooted)).sse(`lastEventId=${lastId}`);
    expect(resumed.frames[0]?.event["data"]).toMatchObject({ resume: "ok" });
  });
});

describe("time", () => {
  test("heartbeats every 30 s; a lease that is not renewed ends, and thinking with it", async () => {
    const clock = createManualClock(Date.now());
    await using hub = await startTestHub({ clock });
    const client = await connectHub(hub);
    const { id, socket } = await client.session();
    socket.emit("session-alive", { sid: id, time: clock.now(), thinking: true });
    await socket.emitWithAck("ping");
    await using sse = await client.sse();
    await clock.advance(31_000);
    const beat = await sse.find(({ event }) => event.type === "heartbeat");
    expect(beat.id).toBeUndefined();
    const over = await sse.find(({ event }) => event.type === "session-updated" && (event["data"] as Json)["active"] === false);
    expect(over.event["data"]).toMatchObject({ active: false, thinking: false });
    const session = (await client.api("GET", `/sessions/${id}`)).body["session"] as { metadata: Json };
    expect(session.metadata["lifecycleState"]).toBe("running");
    socket.close();
  });

  test("renewals are neither logged nor pushed each time", async () => {
    const clock = createManualClock(Date.now());
    await using hub = await startTestHub({ clock });
    const client = await connectHub(hub);
    const { id, socket } = await client.session();
    await using sse = await client.sse();
    for (let n = 0; n < 20; n++) {
      await clock.advance(2_000);
      socket.emit("session-alive", { sid: id, time: clock.now(), thinking: false });
      await socket.emitWithAck("ping");
    }
    await client.api("PATCH", `/sessions/${id}`, { name: "end" });
    await sse.find(({ event }) => JSON.stringify(event).includes('"end"'));
    const patches = sse.of("session-updated").filter(({ event }) => "activeAt" in (event["data"] as Json));
    expect(patches.length).toBeLessThanOrEqual(2);
    for (const patch of patches) expect(patch.id).toBeUndefined();
    socket.close();
  });
});

/** A subscriber that takes from its connection only what it asks for; `fetch` reads ahead without end. */
async function slowReader(url: string, jwt: string): Promise<{ next(): Promise<Json>; close(): void }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET /api/events?caps=caught-up&all=true HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${jwt}\r\n\r\n`);
  const bytes: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
  let raw = Buffer.alloc(0);
  let text = "";
  const take = async (length: number): Promise<Buffer> => {
    while (raw.length < length) {
      const { value, done } = await bytes.next();
      if (done === true) throw new Error("The hub closed the connection");
      raw = Buffer.concat([raw, value]);
    }
    const taken = raw.subarray(0, length);
    raw = raw.subarray(length);
    return taken;
  };
  const takeUntil = async (mark: string): Promise<string> => {
    let at = raw.indexOf(mark);
    for (; at < 0; at = raw.indexOf(mark)) raw = Buffer.concat([await take(raw.length + 1), raw]);
    return (await take(at + mark.length)).toString();
  };
  expect(await takeUntil("\r\n\r\n")).toMatch(/^HTTP\/1.1 200[^]*transfer-encoding: chunked/i);
  return {
    async next() {
      while (!text.includes("\n\n")) {
        const length = Number.parseInt(await takeUntil("\r\n"), 16);
        text += (await take(length + 2)).subarray(0, length).toString();
      }
      const end = text.indexOf("\n\n");
      const frame = text.slice(0, end);
      text = text.slice(end + 2);
      return JSON.parse(frame.slice(frame.indexOf("data: ") + 6)) as Json;
    },
    close: () => socket.destroy(),
  };
}

test("a reader that does not read is cut off at the bound, told so once it reads again, and has everything after", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  const reader = await slowReader(rig.hub.url, client.jwt);
  const heard: Json[] = [];
  const readUntil = async (isLast: (event: Json) => boolean): Promise<void> => {
    do heard.push(await reader.next());
    while (!isLast(heard.at(-1) ?? {}));
  };
  const numberOf = (row: unknown): number => (row as { content: { content: { n: number } } }).content.content.n;
  const say = (n: number, parts: string[]): Promise<unknown> =>
    socket.emitWithAck("message", { sid: id, key: `k${n}`, message: { role: "agent", content: { n, parts } } });
  const page = async () => (await client.api("GET", `/sessions/${id}/messages?limit=200`)).body as unknown as MessagesResponse;
  await readUntil(({ type }) => type === "caught-up");
  let state = applyPage(openWindow(emptySyncState, id), id, await page());

  const parts = Array.from({ length: 8 }, () => "x".repeat(60_000));
  const total = 100;
  for (let n = 0; n < total; n++) await say(n, parts);
  // Ends also for a reader that was given everything.
  const before = heard.length;
  const isTold = ({ type }: Json): boolean => type === "connection-changed";
  await readUntil((event) => isTold(event) || (event["type"] === "message-received" && numberOf(event["message"]) === total - 1));
  const given = heard.slice(before).filter(({ type }) => type === "message-received");
  expect(heard.at(-1)).toMatchObject({ type: "connection-changed", data: { status: "connected", resume: "gap" } });
  // What the operating system keeps for the two ends of the connection is not the hub's: some megabytes of the 48 there were.
  expect(JSON.stringify(given).length).toBeLessThan(24_000_000);
  expect(given.map(({ message }) => numberOf(message))).toEqual(given.map((_, place) => place));
  for (const event of heard) state = applySyncEvent(state, event as unknown as SyncEvent);
  expect(state.windows[id]?.stale).toBe(true);

  // From here on it is a reader like any other.
  state = applyPage(state, id, await page());
  const after = heard.length;
  await say(total, []);
  await readUntil((event) => event["type"] === "message-received");
  for (const event of heard.slice(after)) state = applySyncEvent(state, event as unknown as SyncEvent);
  const fresh = applyPage(openWindow(emptySyncState, id), id, await page());
  expect(state.windows[id]?.rows.map(numberOf)).toEqual(Array.from({ length: total + 1 }, (_, n) => n));
  expect(state.windows[id]?.rows).toEqual(fresh.windows[id]?.rows);
  expect(state.windows[id]?.stale).toBe(false);
  reader.close();
  socket.close();
}, 120_000);

test("a reader that was cut off gets what it missed when that is little: each thing as it is now, once", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  const reader = await slowReader(rig.hub.url, client.jwt);
  const next = async (type: string): Promise<Json> => {
    for (;;) {
      const event = await reader.next();
      if (event["type"] === type) return event;
    }
  };
  await next("caught-up");
  const total = 100;
  let expectedVersion = (await client.api("GET", `/sessions/${id}`).then(({ body }) => body["session"] as Session)).metadataVersion;
  for (let n = 0; n < total; n++) {
    const metadata = { path: "/p", host: "h", n, note: "x".repeat(480_000) };
    const answer = (await socket.emitWithAck("update-metadata", { sid: id, expectedVersion, metadata })) as { version: number };
    expectedVersion = answer.version;
  }
  expect(await next("connection-changed")).toMatchObject({ data: { resume: "ok" } });
  const missed = await next("session-updated");
  expect(missed["data"]).toMatchObject({ id, metadataVersion: expectedVersion, metadata: { n: total - 1 } });
  expect((await reader.next())["type"]).toBe("caught-up");
  reader.close();
  socket.close();
}, 120_000);
