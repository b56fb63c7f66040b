import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionLink } from "@hapi/client/link";
import { systemClock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { type Ledger, openLedger } from "../src/session/ledger.ts";
import { createOutbox, type Outbox } from "../src/session/outbox.ts";
import { createFakeHub, type FakeHub } from "./fake-hub.ts";

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface World {
  hub: FakeHub;
  link: SessionLink;
  ledger: Ledger;
  outbox: Outbox;
  again(): Promise<World>;
}

async function world(
  options: { dir?: string; hub?: FakeHub; highBytes?: number; wrap?(link: SessionLink): SessionLink } = {},
): Promise<World> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "machine-outbox-"));
  const hub = options.hub ?? createFakeHub("s");
  const ledger = await openLedger(dir);
  const plain = hub.link();
  const link = options.wrap?.(plain) ?? plain;
  const outbox = createOutbox({ ledger, link, clock: systemClock, log, highBytes: options.highBytes });
  link.open({});
  const close = async (): Promise<void> => {
    outbox.close();
    await link.close();
    await ledger.close();
  };
  closing.push(async () => {
    await close().catch(() => undefined);
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    hub,
    link,
    ledger,
    outbox,
    async again() {
      await close();
      return world({ ...options, dir, hub });
    },
  };
}
const said = (text: string) => ({ type: "agent-message" as const, id: `a-${text}`, text });
const keys = (hub: FakeHub): string[] => hub.rows.map((row) => row.key);

test("in order, each once, forgotten when the hub has them; the read offset comes along", async () => {
  const { hub, outbox, ledger } = await world();
  const wanted = Array.from({ length: 500 }, (_, at) => `k${at}`);
  for (const [at, key] of wanted.entries()) outbox.add(key, said(key), { checkpoint: { read: at } });
  await outbox.drained();
  expect(keys(hub)).toEqual(wanted);
  expect(hub.repeats).toBe(0);
  expect(ledger.memory.get<number>("read")).toBe(499);
});

test("what a lost connection or a killed process left is sent again in order, and the hub drops what it had", async () => {
  const first = await world();
  await first.hub.until(() => first.link.connected, "connected");
  first.hub.holdAcks(true);
  for (const key of ["a", "b"]) first.outbox.add(key, said(key));
  await first.hub.until(() => first.hub.rows.length === 2, "arrived");
  first.hub.down();
  first.hub.holdAcks(false);
  first.outbox.add("c", said("c"));
  first.hub.up();
  first.outbox.add("d", said("d"));
  await first.outbox.drained();
  expect(keys(first.hub)).toEqual(["a", "b", "c", "d"]);
  first.hub.down();
  first.outbox.add("e", said("e"));
  const second = await first.again();
  expect(second.outbox.size).toBe(1);
  first.hub.up();
  await second.outbox.drained();
  expect(keys(first.hub)).toEqual(["a", "b", "c", "d", "e"]);
});

test("without a hub it fills to its limit, then whoever reads the agent's record waits", async () => {
  const { hub, outbox } = await world({ highBytes: 10_000 });
  hub.down();
  let read = 0;
  const reader = (async () => {
    for (; read < 100; read++) {
      await outbox.room();
      outbox.add(`k${read}`, { type: "agent-message", id: `a${read}`, text: "x".repeat(1_000) });
    }
  })();
  await hub.until(() => outbox.size >= 8, "full");
  await new Promise((resolve) => setImmediate(resolve));
  expect(outbox.size).toBeLessThan(12);
  hub.up();
  await reader;
  await outbox.drained();
  expect(keys(hub)).toEqual(Array.from({ length: 100 }, (_, at) => `k${at}`));
});

test("a full box survives its process: still full, and in order once the hub is back, beside what was said since", async () => {
  const first = await world({ highBytes: 10_000 });
  first.hub.down();
  const wanted = Array.from({ length: 12 }, (_, at) => `k${at}`);
  for (const key of wanted) first.outbox.add(key, { type: "agent-message", id: key, text: "x".repeat(1_000) }, { checkpoint: { key } });
  const second = await first.again();
  let hasRoom = false;
  const room = second.outbox.room().then(() => (hasRoom = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect([second.outbox.size, hasRoom, second.ledger.memory.get<string>("key")]).toEqual([12, false, "k11"]);
  first.hub.up();
  await room;
  second.outbox.add("after", said("after"));
  await second.outbox.drained();
  expect(keys(first.hub)).toEqual([...wanted, "after"]);
  expect(first.hub.repeats).toBe(0);
});

test("an event that the hub will never take is replaced by a word about it; the others go on", async () => {
  const refusing = (link: SessionLink): SessionLink => ({
    ...link,
    get connected() {
      return link.connected;
    },
    sendMessage: (message) => (message.key === "big" ? Promise.reject(new AppError("body_too_large")) : link.sendMessage(message)),
  });
  const { hub, outbox } = await world({ wrap: refusing });
  for (const key of ["a", "big", "b"]) outbox.add(key, said(key));
  await outbox.drained();
  expect(keys(hub).toSorted()).toEqual(["a", "b", "big:refused"]);
});
