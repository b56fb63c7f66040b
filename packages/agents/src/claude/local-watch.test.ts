import { expect, test } from "bun:test";
import { createManualClock, type ManualClock } from "@hapi/testkit";
import type { Core } from "./core.ts";
import { createLocalWatch, type LocalWatch } from "./local-watch.ts";

interface World {
  clock: ManualClock;
  watch: LocalWatch;
  lost: string[];
  feed: { isThere: boolean; held: boolean; onSync: () => void };
  turns: { count: number };
  memory: Map<string, unknown>;
}

/** A terminal whose hooks and record say what a test wants. */
function world(): World {
  const clock = createManualClock(5);
  const lost: string[] = [];
  const memory = new Map<string, unknown>();
  const turns = { count: 0 };
  const feed = { isThere: true, held: false, onSync: () => undefined as void };
  const core = {
    patience: { absentMs: 20, silentMs: 60, outputMs: 60, hooksMs: 40 },
    feed: {
      get isThere() {
        return feed.isThere;
      },
      get held() {
        return feed.held;
      },
      thread: { id: "t", transcript: "/record" },
      problem: undefined,
      sync: async () => feed.onSync(),
      look: async () => feed.onSync(),
    },
    witness: {
      get localTurns() {
        return turns.count;
      },
    },
    context: {
      log: { warn: () => undefined },
      clock,
      memory: {
        get: (key: string) => memory.get(key),
        commit: async (values: object) => void Object.entries(values).forEach(([key, value]) => memory.set(key, value)),
      },
    },
    lost: (kind: string, id: string, details: Record<string, unknown>) =>
      void lost.push(`${kind} ${id} ${details["path"] ?? details["turns"]}`),
  };
  return {
    clock,
    watch: createLocalWatch({ core: core as unknown as Core, launchId: "L", isHookless: () => false }),
    lost,
    feed,
    turns,
    memory,
  };
}

const line = (promptId: string) => ({ type: "line", at: 1, promptId, final: false }) as const;
const turnEnds = { type: "turn", running: false, at: 1 } as const;
/** More than a loss takes. */
const LONG_MS = 700;

async function untilLost({ lost, clock }: World, count: number): Promise<void> {
  for (let waited = 0; lost.length < count && waited < 10_000; waited += 20) await clock.advance(20);
}

test("a record that names the prompt, before or after its hooks: nothing is lost", async () => {
  const { watch, lost, feed, clock } = world();
  watch.onFact(line("p1"));
  watch.onReport("UserPromptSubmit", { prompt_id: "p1" });
  watch.onReport("Stop", { prompt_id: "p1" });
  watch.onReport("UserPromptSubmit", { prompt_id: "p2" });
  watch.onReport("Stop", { prompt_id: "p2" });
  feed.onSync = () => watch.onFact(line("p2"));
  await clock.advance(LONG_MS);
  expect(lost).toEqual([]);
  watch.close();
});

test("a turn of which the record says nothing: gone, or silent; not while nobody may read, and not of prompts that came before", async () => {
  const terminal = world();
  const { watch, lost, feed, clock } = terminal;
  watch.onReport("Stop", { prompt_id: "before" });
  watch.onReport("UserPromptSubmit", { prompt_id: "p1" });
  watch.onReport("Stop", { prompt_id: "p1" });
  await untilLost(terminal, 1);
  expect(lost).toEqual(["record_silent L:p1 /record"]);
  feed.isThere = false;
  watch.onReport("UserPromptSubmit", { prompt_id: "p2" });
  watch.onReport("Stop", { prompt_id: "p2" });
  await untilLost(terminal, 2);
  expect(lost.slice(1)).toEqual(["record_missing L:p2 /record"]);
  feed.held = true;
  watch.onReport("UserPromptSubmit", { prompt_id: "p3" });
  watch.onReport("Stop", { prompt_id: "p3" });
  await clock.advance(LONG_MS);
  expect(lost).toHaveLength(2);
  watch.close();
});

test("hooks that never report are told once; late ones, and a terminal that was closed, are none of that", async () => {
  const silent = world();
  silent.turns.count = 1;
  silent.watch.onFact(turnEnds);
  await untilLost(silent, 1);
  expect(silent.lost).toEqual(["hooks_silent L 1"]);
  const late = world();
  late.turns.count = 1;
  late.watch.onFact(turnEnds);
  late.watch.onReport("Stop", {});
  const closed = world();
  closed.turns.count = 1;
  closed.watch.onFact(turnEnds);
  closed.watch.close();
  // Its beginning was another session process's.
  const unseen = world();
  unseen.watch.onFact(turnEnds);
  for (const { clock } of [late, closed, unseen]) await clock.advance(200);
  expect([late.lost, closed.lost, unseen.lost]).toEqual([[], [], []]);
});

test("a prompt that was entered is kept until its line is read, or Claude is at its prompt again", () => {
  const { watch, memory } = world();
  const kept = () => memory.get("claude.typed");
  watch.onReport("UserPromptSubmit", { prompt_id: "p1", prompt: "fix it" });
  expect(kept()).toEqual({ launchId: "L", promptId: "p1", text: "fix it", at: 5 });
  watch.onFact(line("another"));
  expect(kept()).toMatchObject({ promptId: "p1" });
  watch.onFact(line("p1"));
  expect(kept()).toBeNull();
  // Its report came behind its line.
  watch.onReport("UserPromptSubmit", { prompt_id: "p1", prompt: "fix it" });
  expect(kept()).toBeNull();
  watch.onReport("UserPromptSubmit", { prompt_id: "p2", prompt: "/context" });
  watch.onIdle();
  expect(kept()).toBeNull();
  watch.close();
});
