/** Who looks what became of an open dialog goes on looking. */
import { expect, test } from "bun:test";
import { type Clock, systemClock } from "@hapi/platform/lean";
import type { CallFinder } from "./call-finder.ts";
import type { Core } from "./core.ts";
import { createDialogWatch, type DialogStatus } from "./dialog-watch.ts";
import type { OpenRequest } from "./state.ts";

/** Open requests, and what became of them. */
function world(status: () => DialogStatus, clock: Clock = systemClock) {
  const open = new Map<string, OpenRequest>();
  const closed: string[] = [];
  const warned: string[] = [];
  let onClosed: () => void = () => undefined;
  const core = {
    stopping: false,
    feed: { sync: async () => undefined },
    requests: {
      get all() {
        return [...open.values()];
      },
      get: (id: string) => open.get(id),
      close: (id: string, { outcome }: { outcome: string }) => {
        if (!open.delete(id)) return;
        closed.push(`${id} ${outcome}`);
        onClosed();
      },
    },
    context: { clock, log: { warn: (event: string) => warned.push(event) } },
  } as unknown as Core;
  const watch = createDialogWatch({ core, finder: {} as CallFinder, status });
  return {
    watch,
    closed,
    warned,
    ask: (id: string, openedAt = 0) => void open.set(id, { request: { id }, openedAt } as unknown as OpenRequest),
    nextClosed: () => new Promise<void>((done) => (onClosed = done)),
  };
}

/** A clock that goes on as soon as somebody waits, up to two minutes; then `end`. */
function quickClock() {
  let now = 48_000;
  const end = Promise.withResolvers<void>();
  const clock: Clock = {
    now: () => now,
    setTimer(ms, run) {
      now += ms;
      if (now < 120_000) queueMicrotask(run);
      else end.resolve();
      return () => undefined;
    },
  };
  return { clock, end: end.promise };
}

test("a status that can't be read once does not end the looking, and is said once", async () => {
  let looks = 0;
  const { watch, ask, closed, warned, nextClosed } = world(() => {
    looks += 1;
    if (looks <= 2) throw new Error("the file is being written");
    return { status: "busy", since: Date.now() - 5_000 };
  });
  ask("a");
  const over = nextClosed();
  watch.look();
  await over;
  expect(closed).toEqual(["a approved"]);
  expect(warned).toEqual(["claude.dialog_look_failed"]);
});

test.each(["idle", "busy"])(
  "a hook that comes when its dialog was answered already waits for nothing: Claude is %s since before it",
  async (said) => {
    const { clock, end } = quickClock();
    const { watch, ask, closed, nextClosed } = world(() => ({ status: said, since: 47_500 }), clock);
    ask("late", clock.now());
    const over = nextClosed();
    watch.look();
    await Promise.race([over, end]);
    expect(closed).toEqual(["late resolved"]);
    // A status may lag behind the dialog.
    expect(clock.now()).toBeGreaterThan(48_000 + 8_000);
  },
);

test("a hook that comes when Claude is idle again: the next turn's status says nothing of its dialog", async () => {
  const { clock, end } = quickClock();
  const status = () => (clock.now() < 51_000 ? { status: "idle", since: 47_500 } : { status: "busy", since: 51_000 });
  const { watch, ask, closed, nextClosed } = world(status, clock);
  ask("late", clock.now());
  const over = nextClosed();
  watch.look();
  await Promise.race([over, end]);
  expect(closed).toEqual(["late resolved"]);
});
