/** What both fronts share. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "@hapi/platform/lean";
import type { DriverEvent } from "../driver.ts";
import { type Core, createCore } from "./core.ts";
import { transcriptPath } from "./paths.ts";
import { type ClaudeContext, ownSystem } from "./system.ts";

interface Opened extends AsyncDisposable {
  core: Core;
  events: DriverEvent[];
  home: string;
}

function open(): Opened {
  const home = mkdtempSync(join(tmpdir(), "claude-core-"));
  const memory = new Map<string, unknown>();
  const events: DriverEvent[] = [];
  const context = {
    env: { HOME: home },
    cwd: home,
    clock: systemClock,
    log: { debug() {}, info() {}, warn() {} },
    emit: (event: DriverEvent) => events.push(event),
    memory: {
      get: (key: string) => structuredClone(memory.get(key)),
      async commit(values: Record<string, unknown>) {
        for (const [key, value] of Object.entries(values)) memory.set(key, structuredClone(value));
      },
    },
    system: ownSystem,
  } as unknown as ClaudeContext;
  const core = createCore(context);
  return {
    core,
    events,
    home,
    async [Symbol.asyncDispose]() {
      await core.dispose();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

test("hook and status file tell of a new conversation at once: it is entered once, and none behind the end", async () => {
  await using world = open();
  const { core, events, home } = world;
  await core.useThread("a");
  await Promise.all([core.useThread("b"), core.useThread("b"), core.useThread("b", { transcript: join(home, "b.jsonl") })]);
  expect(events.flatMap((event) => (event.type === "thread" ? [event.threadId] : []))).toEqual(["a", "b"]);
  await Promise.all([core.useThread("c"), core.dispose()]);
  expect(core.feed).toBeNull();
});

test("a conversation that this session has begun has no history: a turn that stands in its record by now is one that runs", async () => {
  const read = async (isNew: boolean): Promise<string[]> => {
    await using world = open();
    const { core, events, home } = world;
    const path = transcriptPath({ env: { HOME: home }, cwd: home, system: ownSystem }, "n");
    const line = { type: "user", uuid: "u1", parentUuid: null, sessionId: "n", entrypoint: "cli", timestamp: new Date().toISOString() };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ ...line, message: { role: "user", content: "fix it" } })}\n`);
    await core.useThread("n", { isNew });
    await core.feed?.sync();
    return events.flatMap((event) => (event.type === "record" ? [event.event.type] : []));
  };
  expect(await read(true)).toEqual(["user-message", "turn-started"]);
  expect(await read(false)).toEqual(["user-message"]);
});

test("a prompt of the terminal that its Claude took along before it was written down is told, and that it is lost to Claude", async () => {
  const told = async (launchId: string): Promise<unknown[]> => {
    await using world = open();
    const { core, events } = world;
    await core.useThread("a");
    await core.context.memory.commit({ "claude.typed": { launchId: "L", promptId: "p1", text: "fix it", at: 7 } });
    await core.finish({ launchId });
    // Said once.
    await core.finish({ launchId });
    return events.flatMap((event) => (event.type === "record" ? [{ ...event.event }] : []));
  };
  expect(await told("L")).toMatchObject([
    { type: "user-message", text: "fix it", origin: "terminal" },
    { type: "turn-started" },
    { type: "notice", level: "warning", text: expect.stringContaining("Send it again") },
    { type: "turn-ended", outcome: "interrupted" },
  ]);
  expect(await told("another launch")).toEqual([]);
});
