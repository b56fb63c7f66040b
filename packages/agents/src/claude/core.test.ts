/** What both fronts share. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DriverContext, DriverEvent } from "../driver.ts";
import { createCore } from "./core.ts";

test("hook and status file tell of a new conversation at once: it is entered once", async () => {
  const home = mkdtempSync(join(tmpdir(), "claude-core-"));
  const memory = new Map<string, unknown>();
  const events: DriverEvent[] = [];
  const context = {
    env: { HOME: home },
    cwd: home,
    clock: { now: () => Date.now() },
    log: { debug() {}, info() {}, warn() {} },
    emit: (event: DriverEvent) => events.push(event),
    memory: {
      get: (key: string) => structuredClone(memory.get(key)),
      async commit(values: Record<string, unknown>) {
        for (const [key, value] of Object.entries(values)) memory.set(key, structuredClone(value));
      },
    },
  } as unknown as DriverContext;
  const core = createCore(context);
  try {
    await core.useThread("a");
    await Promise.all([core.useThread("b"), core.useThread("b"), core.useThread("b", { transcript: join(home, "b.jsonl") })]);
    expect(events.flatMap((event) => (event.type === "thread" ? [event.threadId] : []))).toEqual(["a", "b"]);
    // The last word counts, and nothing is opened behind the end.
    const [c, end] = [core.useThread("c"), core.dispose()];
    await Promise.all([c, end]);
    expect(core.feed).toBeNull();
  } finally {
    await core.dispose();
    rmSync(home, { recursive: true, force: true });
  }
});
