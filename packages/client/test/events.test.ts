import { describe, expect, test } from "bun:test";
import type { SyncEvent } from "@hapi/protocol";
import fc from "fast-check";
import { createEventStream, type EventStreamOptions, STALE_MS, type StreamStatus } from "../src/events.ts";
import { createHttp } from "../src/http.ts";
import { createSseParser } from "../src/sse-parser.ts";
import { manualClock } from "./manual-clock.ts";
import { startHttpHub } from "./scripted-http-hub.ts";
import { sleepless } from "./sleepless.ts";

const hello = (resume: "ok" | "gap", subscriptionId = "sub") => ({
  type: "connection-changed",
  data: { status: "connected", subscriptionId, resume },
});
const beat = { type: "heartbeat", data: { timestamp: 1 } };

describe("frames", () => {
  test("come out whole however the text is cut, with any line break", () => {
    const frames = [
      { data: "one", id: null },
      { data: "two\nlines", id: "7" },
      { data: "três", id: "7" },
    ];
    for (const eol of ["\n", "\r\n"]) {
      const text = [": comment", "data: one", "", "event: x", "id: 7", "data: two", "data:lines", "", "", "data: três", "", ""].join(eol);
      fc.assert(
        fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
          const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
          const sse = createSseParser();
          const found = at.slice(1).flatMap((end, index) => sse.push(text.slice(at[index], end)));
          expect(found).toEqual(frames);
        }),
      );
    }
  });
});

function follow(url: string, more: Partial<EventStreamOptions> = {}) {
  const events: SyncEvent[] = [];
  const statuses: StreamStatus[] = [];
  const changed = sleepless();
  const http = createHttp({ baseUrl: url });
  const clock = manualClock();
  const stream = createEventStream({
    open: http.open,
    clock,
    random: () => 0,
    onEvent: (event) => {
      events.push(event);
      changed.tell();
    },
    onStatus: (status) => {
      statuses.push(status);
      changed.tell();
    },
    ...more,
  });
  return { stream, events, statuses, clock, until: changed.until };
}

describe("event stream", () => {
  test("asks for all with its capabilities, and goes on from the last id after a break", async () => {
    await using hub = await startHttpHub();
    const { stream, events, clock, until } = follow(hub.url, { caps: ["stream", "stages"] });
    stream.start();
    const first = await hub.stream(0);
    expect(new URL(first.request.url).search).toBe("?all=true&caps=stream%2Cstages&visibility=visible");
    first.send(hello("gap"));
    first.send(beat, "e:1:n");
    await until(() => events.length === 2);
    expect(stream.status).toMatchObject({ phase: "online", subscriptionId: "sub" });
    await clock.advance(6_000);
    first.close();
    await until(() => stream.status.phase === "waiting");
    await clock.advance(0);
    const second = await hub.stream(1);
    expect(second.request.headers.get("last-event-id")).toBe("e:1:n");
    second.send(hello("ok"));
    await until(() => events.length === 3);
    stream.stop();
  });

  test("silence is a dead connection", async () => {
    await using hub = await startHttpHub();
    const { stream, events, clock, until } = follow(hub.url);
    stream.start();
    (await hub.stream(0)).send(hello("gap"));
    await until(() => events.length === 1);
    await clock.advance(STALE_MS - 1);
    expect(hub.streams).toHaveLength(1);
    await clock.advance(1);
    (await hub.stream(1)).send(hello("ok"));
    await until(() => events.length === 2);
    stream.stop();
  });

  test("failures are spread out, and end while offline or hidden", async () => {
    await using hub = await startHttpHub({ "GET /api/events": () => new Response("no", { status: 503 }) });
    const { stream, clock, until, statuses } = follow(hub.url);
    stream.start();
    const waits: number[] = [];
    for (let round = 1; round <= 8; round += 1) {
      await until(() => stream.status.phase === "waiting" && stream.status.attempt === round);
      const { status } = stream;
      if (status.phase === "waiting" && status.retryAt !== null) waits.push(status.retryAt - clock.now());
      if (round < 8) await clock.advance(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000, 300000]);
    stream.setOnline(false);
    expect(stream.status).toMatchObject({ phase: "waiting", retryAt: null });
    expect(clock.nextIn()).toBeNull();
    stream.setVisible(false);
    stream.setOnline(true);
    await until(() => stream.status.phase === "waiting");
    expect(statuses.at(-1)).toMatchObject({ retryAt: null });
    stream.stop();
  });

  test("a hub that takes and drops us is not asked in a loop", async () => {
    await using hub = await startHttpHub();
    const { stream, clock, until } = follow(hub.url);
    stream.start();
    const first = await hub.stream(0);
    first.send(hello("gap"));
    first.close();
    await until(() => stream.status.phase === "waiting");
    expect(stream.status).toMatchObject({ retryAt: clock.now() + 1000 });
    stream.stop();
  });

  test("what does not fit the schema is told, and the rest goes on", async () => {
    await using hub = await startHttpHub();
    const unreadable: unknown[] = [];
    const { stream, events, until } = follow(hub.url, { onUnreadable: (event) => unreadable.push(event) });
    stream.start();
    const wire = await hub.stream(0);
    wire.send(hello("gap"));
    wire.send({ type: "session-updated", sessionId: "s", data: { novelty: 1 } }, "e:2:n");
    wire.raw("data: not json\n\n");
    wire.send(beat);
    await until(() => events.length === 2);
    expect(unreadable).toEqual([{ type: "session-updated", sessionId: "s", data: { novelty: 1 } }, {}]);
    expect(stream.lastEventId).toBe("e:2:n");
    stream.stop();
  });
});
