import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionLink } from "@hapi/client/link";
import { systemClock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { type Ledger, openLedger } from "../src/session/ledger.ts";
import { createBacklog, type Backlog } from "../src/session/backlog.ts";
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
  backlog: Backlog;
  again(): Promise<World>;
}

async function world(
  options: { dir?: string; hub?: FakeHub; highBytes?: number; wrap?(link: SessionLink): SessionLink } = {},
): Promise<World> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "machine-backlog-"));
  const hub = options.hub ?? createFakeHub("s");
  const ledger = await openLedger(dir);
  const plain = hub.link();
  const link = options.wrap?.(plain) ?? plain;
  const backlog = createBacklog({ ledger, link, clock: systemClock, log, highBytes: options.highBytes });
  link.open({});
  const close = async (): Promise<void> => {
    backlog.close();
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
    backlog,
    async again() {
      await close();
      return world({ ...options, dir, hub });
    },
  };
}
const said = (text: string) => ({ type: "agent-message" as const, id: `a-${text}`, text });
const keys = (hub: FakeHub): string[] => hub.rows.map((row) => row.key);

test("in order, each once, forgotten when the hub has them; the read offset comes along", async () => {
  const { hub, backlog, ledger } = await world();
  const wanted = Array.from({ length: 500 }, (_, at) => `k${at}`);
  for (const [at, key] of wanted.entries()) backlog.add(key, said(key), { checkpoint: { read: at } });
  await backlog.drained();
  expect(keys(hub)).toEqual(wanted);
  expect(hub.repeats).toBe(0);
  expect(ledger.memory.get<number>("read")).toBe(499);
});

test("what a lost connection or a killed process left is sent again in order, and the hub drops what it had", async () => {
  const first = await world();
  await first.hub.until(() => first.link.connected, "connected");
  first.hub.holdAcks(true);
  for (const key of ["a", "b"]) first.backlog.add(key, said(key));
  await first.hub.until(() => first.hub.rows.length === 2, "arrived");
  first.hub.down();
  first.hub.holdAcks(false);
  first.backlog.add("c", said("c"));
  first.hub.up();
  first.backlog.add("d", said("d"));
  await first.backlog.drained();
  expect(keys(first.hub)).toEqual(["a", "b", "c", "d"]);
  first.hub.down();
  first.backlog.add("e", said("e"));
  const second = await first.again();
  expect(second.backlog.size).toBe(1);
  first.hub.up();
  await second.backlog.drained();
  expect(keys(first.hub)).toEqual(["a", "b", "c", "d", "e"]);
});

test("without a hub it fills to its limit, then whoever reads the agent's record waits", async () => {
  const { hub, backlog } = await world({ highBytes: 10_000 });
  hub.down();
  let read = 0;
  const reader = (async () => {
    for (; read < 100; read++) {
      await backlog.room();
      backlog.add(`k${read}`, { type: "agent-message", id: `a${read}`, text: "x".repeat(1_000) });
    }
  })();
  await hub.until(() => backlog.size >= 8, "full");
  await new Promise((resolve) => setImmediate(resolve));
  expect(backlog.size).toBeLessThan(12);
  hub.up();
  await reader;
  await backlog.drained();
  expect(keys(hub)).toEqual(Array.from({ length: 100 }, (_, at) => `k${at}`));
});

test("a full box survives its process: still full, and in order once the hub is back, beside what was said since", async () => {
  const first = await world({ highBytes: 10_000 });
  first.hub.down();
  const wanted = Array.from({ length: 12 }, (_, at) => `k${at}`);
  for (const key of wanted) first.backlog.add(key, { type: "agent-message", id: key, text: "x".repeat(1_000) }, { checkpoint: { key } });
  const second = await first.again();
  let hasRoom = false;
  const room = second.backlog.room().then(() => (hasRoom = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect([second.backlog.size, hasRoom, second.ledger.memory.get<string>("key")]).toEqual([12, false, "k11"]);
  first.hub.up();
  await room;
  second.backlog.add("after", said("after"));
  await second.backlog.drained();
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
  const { hub, backlog } = await world({ wrap: refusing });
  for (const key of ["a", "big", "b"]) backlog.add(key, said(key));
  await backlog.drained();
  expect(keys(hub).toSorted()).toEqual(["a", "b", "big:refused"]);
});
