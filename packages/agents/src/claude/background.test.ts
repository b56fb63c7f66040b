import { expect, test } from "bun:test";
import type { DriverContext, DriverEvent } from "../driver.ts";
import { createBackground, endedWords } from "./background.ts";

function open(memory = new Map<string, unknown>()) {
  const events: DriverEvent[] = [];
  const context = {
    memory: {
      get: (key: string) => structuredClone(memory.get(key)),
      async commit(values: Record<string, unknown>) {
        for (const [key, value] of Object.entries(values)) memory.set(key, structuredClone(value));
      },
    },
    log: { debug() {}, info() {}, warn() {} },
    emit: (event: DriverEvent) => events.push(event),
  } as unknown as DriverContext;
  const said = (): string[][] => events.flatMap((event) => (event.type === "background" ? [event.work.map((one) => one.label)] : []));
  return { background: createBackground(context), said, memory };
}

const shell = { task_id: "b1", task_type: "local_bash", description: "Dev server" };
const agent = { task_id: "a1", task_type: "local_agent", subagent_type: "general-purpose", description: "A helper" };

test("stdout names every live task after each change; ambient ones, and those on another machine, are no activity", () => {
  const { background, said } = open();
  background.tasksChanged({ tasks: [shell, { ...agent, ambient: true }, { ...agent, task_id: "r", off_host: true }] });
  background.tasksChanged({ tasks: [shell] });
  background.tasksChanged({ tasks: [shell, agent] });
  background.tasksChanged({ tasks: [] });
  expect(said()).toEqual([["Dev server"], ["Dev server", "A helper"], []]);
});

test("the Stop hook names tasks and timers; one that does not report them changes nothing", () => {
  const { background, said } = open();
  background.stopped({
    background_tasks: [{ id: "b1", type: "shell", status: "running", description: "Dev server", command: "npm run dev" }],
    session_crons: [{ id: "c", schedule: "*/7 * * * *", recurring: true, prompt: "check" }],
  });
  background.stopped({});
  expect(background.work).toEqual([
    { id: "b1", kind: "shell", label: "Dev server", command: "npm run dev" },
    { id: "c", kind: "timer", label: "every */7 * * * *: check" },
  ]);
  background.stopped({ background_tasks: [], session_crons: [] });
  expect(said()).toEqual([["Dev server", "every */7 * * * *: check"], []]);
});

test("what is no activity on stdout is none in the Stop hook either", () => {
  const { background } = open();
  const shell = { id: "b1", type: "shell", description: "Dev server" };
  background.stopped({ background_tasks: [shell, { ...shell, id: "m", ambient: true }, { ...shell, id: "r", off_host: true }] });
  expect(background.tasks.map((one) => one.id)).toEqual(["b1"]);
});

test("a terminal that says idle has no task left, its timers stay; shells that no hook told of are told by its status", () => {
  const { background } = open();
  background.stopped({
    background_tasks: [{ id: "b", type: "shell", description: "x" }],
    session_crons: [{ id: "c", schedule: "s", prompt: "p" }],
  });
  background.status("busy");
  background.status("shell");
  background.status("waiting");
  background.status(undefined);
  expect(background.work.map((one) => one.id)).toEqual(["b", "c"]);
  background.status("idle");
  expect(background.work.map((one) => one.id)).toEqual(["c"]);
  background.status("shell");
  expect(background.work.map((one) => one.kind)).toEqual(["shell", "timer"]);
});

test("what ended with the process is what went on when it was told to end, also where it said at last that nothing is left", () => {
  const { background, said } = open();
  background.tasksChanged({ tasks: [shell, agent] });
  background.ending();
  background.tasksChanged({ tasks: [] });
  const gone = background.ended();
  expect(endedWords(gone).text).toBe("Work in the background ended with the agent's process: Dev server, A helper");
  expect(background.work).toEqual([]);
  expect(background.ended()).toEqual([]);
  expect(said().at(-1)).toEqual([]);
});

test("it outlasts the session process, and is said again to the next one", () => {
  const { background, memory } = open();
  background.tasksChanged({ tasks: [shell] });
  const next = open(memory);
  next.background.announce();
  expect(next.said()).toEqual([["Dev server"]]);
  expect(next.background.ended().map((one) => one.label)).toEqual(["Dev server"]);
});

test("labels are bounded and cut between characters", () => {
  const { background } = open();
  background.tasksChanged({ tasks: [{ ...shell, description: "👍".repeat(500) }] });
  const label = background.work[0]?.label ?? "";
  expect(label.length).toBeLessThanOrEqual(200);
  expect([...label].every((one) => one === "👍" || one === "…")).toBe(true);
});

test("a wake-up whose turn was broken off waits for nothing any more; what comes again stays", () => {
  const { background, memory } = open();
  const once = { id: "w", schedule: "5 9 * * *", recurring: false, prompt: "look" };
  const cron = { id: "c", schedule: "*/7 * * * *", recurring: true, prompt: "check" };
  background.stopped({ background_tasks: [], session_crons: [once, cron] });
  background.turnEnded("completed");
  expect(background.work.map(({ id }) => id)).toEqual(["w", "c"]);
  // Also by a session process that was restarted in between.
  const again = open(memory).background;
  again.turnEnded("interrupted");
  expect(again.work.map(({ id }) => id)).toEqual(["c"]);
  // What the end of the process breaks off is told with it.
  again.stopped({ session_crons: [once] });
  again.ending();
  again.turnEnded("interrupted");
  expect(again.ended().map(({ id }) => id)).toEqual(["w"]);
});
