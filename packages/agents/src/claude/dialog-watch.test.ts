/** Who looks what became of an open dialog goes on looking. */
import { expect, test } from "bun:test";
import { systemClock } from "@hapi/platform/lean";
import type { CallFinder } from "./call-finder.ts";
import type { Core } from "./core.ts";
import { createDialogWatch, type DialogStatus } from "./dialog-watch.ts";
import type { OpenRequest } from "./state.ts";

/** Open requests, and what became of them. */
function world(status: () => DialogStatus) {
  const open = new Map<string, OpenRequest>();
  const closed: string[] = [];
  const warned: string[] = [];
  let onClosed: () => void = () => undefined;
  const core = {
    stopping: false,
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
    context: { clock: systemClock, log: { warn: (event: string) => warned.push(event) } },
  } as unknown as Core;
  const watch = createDialogWatch({ core, finder: {} as CallFinder, status });
  return {
    watch,
    closed,
    warned,
    ask: (id: string) => void open.set(id, { request: { id }, openedAt: 0 } as unknown as OpenRequest),
    nextClosed: () => new Promise<void>((done) => (onClosed = done)),
  };
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
