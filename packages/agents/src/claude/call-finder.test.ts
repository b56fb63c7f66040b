/** Which call a permission is about, where its hook, the hook before it and the transcript come in any order (2.1.332). */
import { expect, test } from "bun:test";
import { createCallFinder, type ToolEnded } from "./call-finder.ts";
import type { Core } from "./core.ts";
import { createOpenRequests } from "./open-requests.ts";
import { openRequestOf } from "./requests.ts";
import type { ClaudeContext } from "./system.ts";

const rm = { tool_name: "Bash", tool_input: { command: "rm" } };

/** With calls that the transcript has and that have no end yet. */
function finderWith(calls: Record<string, { tool: string; input: object }> = {}) {
  const marks = new Map<string, unknown>();
  let now = 0;
  const context = {
    memory: {
      get: (key: string) => marks.get(key),
      commit: async (more: object) => Object.entries(more).forEach(([k, v]) => marks.set(k, v)),
    },
    clock: { now: () => now, setTimer: (ms: number, run: () => void) => (queueMicrotask(() => ((now += ms), run())), () => undefined) },
    emit: () => undefined,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
  } as unknown as ClaudeContext;
  const requests = createOpenRequests(context);
  const core = { context, requests, feed: { sync: async () => undefined, parser: { state: { calls } } } } as unknown as Core;
  return { finder: createCallFinder(core), requests };
}

const ended = (toolCallId: string, at: number): ToolEnded => ({
  type: "tool-ended",
  toolCallId,
  status: "completed",
  at,
  call: { tool: "Bash", input: { command: "rm" } },
});

const asked = (toolCallId?: string) => ({
  ...openRequestOf({ id: "hook-1", tool: "Bash", input: { command: "rm" }, suggestions: [], ...(toolCallId ? { toolCallId } : {}) }),
  dialogAt: 1_000,
});

test("the end of an earlier call that looks the same, read late, is not the end of a request whose dialog came up after it", () => {
  const { finder, requests } = finderWith();
  void requests.open(asked());
  expect(finder.requestOf(ended("earlier", 900))).toBeUndefined();
  expect(finder.requestOf(ended("its own", 1_900))?.request.id).toBe("hook-1");
});

test("a request that was taken for the call before its own is freed of it, and ends with its own", () => {
  const { finder, requests } = finderWith();
  void requests.open(asked("earlier"));
  expect(finder.requestOf(ended("earlier", 900))).toBeUndefined();
  expect(finder.requestOf(ended("its own", 1_900))?.callId).toBe("its own");
});

test("a call whose end was read is no call that a new request could be about, also where its hook comes after that", async () => {
  const { finder } = finderWith();
  finder.note({ ...rm, tool_use_id: "earlier" });
  finder.requestOf(ended("earlier", 900));
  finder.requestOf(ended("quick", 910));
  finder.note({ ...rm, tool_use_id: "quick" });
  expect(await finder.take("hook-1", rm)).toBeUndefined();
  finder.note({ ...rm, tool_use_id: "its own" });
  expect(await finder.take("hook-1", rm)).toBe("its own");
});

test("a hook that comes so late that the next prompt has asked for the same: the end of that one's call is not its own", () => {
  const { finder, requests } = finderWith();
  const { dialogAt: _, ...late } = asked("of the next prompt");
  void requests.open({ ...late, prompt: "first" });
  expect(finder.requestOf({ ...ended("of the next prompt", 900), prompt: "second" })).toBeUndefined();
  // A line that does not say of which prompt it is may be anybody's.
  expect(finder.requestOf(ended("its own", 1_900))?.callId).toBe("its own");
});
