import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import { requireAlone, untilAlone } from "./live-sessions.ts";
import type { Home } from "./system.ts";

/** A home in which one Claude has conversation `t` open until `gone` is set. */
function world() {
  const clock = createManualClock();
  const state = { gone: false };
  const files = { names: () => ["7.json"], text: () => JSON.stringify({ pid: 7, sessionId: "t" }) };
  const system = { files, processes: { startTime: () => (state.gone ? null : "1") } } as unknown as Home["system"];
  return { state, clock, context: { env: { HOME: "/h" }, system, clock } };
}

test("a conversation that nobody has open is not waited for", async () => {
  const { context } = world();
  expect(await untilAlone(context, "another", 1_000)).toBe(true);
  await requireAlone(context, "another");
});

test("a process that is just ending is waited for", async () => {
  const { context, clock, state } = world();
  const alone = untilAlone(context, "t", 1_000);
  await clock.advance(500);
  state.gone = true;
  await clock.advance(100);
  expect(await alone).toBe(true);
});

test("one that stays is not waited for longer than was said, and is named to whoever would start beside it", async () => {
  const { context, clock } = world();
  const alone = untilAlone(context, "t", 1_000);
  const refused = requireAlone(context, "t").catch((cause: unknown) => cause);
  await clock.advance(1_100);
  expect(await alone).toBe(false);
  await clock.advance(2_000);
  expect(await refused).toMatchObject({
    code: "thread_in_use",
    details: { pid: 7, threadId: "t" },
    message: expect.stringContaining("process 7"),
  });
});
