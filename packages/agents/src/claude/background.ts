/**
 * What of Claude goes on beside its turns and ends with its process: background shells, sub-agents, monitors, workflows, and timers of its own
 * (`/loop`, wake-ups, crons). Its own reports say so (read on 2.1.329 and 2.1.332, in their types and in runs):
 *
 * - `system/background_tasks_changed` on a driven Claude's stdout: every live task after each change; ambient ones are no activity;
 * - the `Stop` hook: `background_tasks` and `session_crons`, all of them, in both fronts;
 * - the status file of a terminal: `shell` means idle but for shells, `idle` means that no task is left. Between two Stop hooks nothing else
 *   tells of a task that was ended by hand.
 */
import { shortText } from "@hapi/core";
import { type BackgroundWork, MAX_BACKGROUND_WORK, noticeWords, type NoticeWords, type TurnOutcome } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { isJson, type Json, list, str } from "./json.ts";
import { type BackgroundMark, commitMarks, readMark } from "./state.ts";

export interface Background {
  readonly work: readonly BackgroundWork[];
  readonly tasks: readonly BackgroundWork[];
  /** A line `background_tasks_changed`. */
  tasksChanged(line: Json): void;
  /** The payload of a Stop hook. */
  stopped(payload: Json): void;
  /** A terminal's own word on itself. */
  status(word: string | undefined): void;
  /**
   * A turn is over. Without a Stop hook behind it, as every completed one has, nobody says whether its wake-up is still to come: what goes off once
   * is taken for gone, or it would be waited for for ever. The next Stop hook names what is left.
   */
  turnEnded(outcome: TurnOutcome): void;
  /** From here on what ends is ended by the end of the process. */
  ending(): void;
  /** The process is gone: what it took along, and nothing goes on any more. */
  ended(): readonly BackgroundWork[];
  /** Says again what is known: to a session process that was restarted. */
  announce(): void;
}

const MAX_LABEL = 200;
/** Claude's words for a task, on stdout and in hooks. */
const KINDS: Readonly<Record<string, BackgroundWork["kind"]>> = {
  shell: "shell",
  local_bash: "shell",
  subagent: "subagent",
  local_agent: "subagent",
  remote_agent: "subagent",
  monitor: "monitor",
  local_workflow: "workflow",
  workflow: "workflow",
};
/** A shell that only the status file tells of. */
const UNNAMED: BackgroundWork = { id: "status:shell", kind: "shell", label: "a background shell" };

export function createBackground(context: DriverContext): Background {
  let { tasks, timers, once = [] }: BackgroundMark = readMark(context, "claude.background") ?? { tasks: [], timers: [] };
  /** What went on when the process was told to end. */
  let taken: readonly BackgroundWork[] | null = null;

  const work = (): BackgroundWork[] => [...tasks, ...timers].slice(0, MAX_BACKGROUND_WORK);

  function set(next: Partial<BackgroundMark>): void {
    const before = JSON.stringify(work());
    tasks = next.tasks ?? tasks;
    timers = next.timers ?? timers;
    once = next.once ?? once;
    if (JSON.stringify(work()) === before) return;
    commitMarks(context, { "claude.background": { tasks, timers, once } }).catch((cause: unknown) =>
      context.log.warn("claude.background_not_kept", { cause }),
    );
    context.emit({ type: "background", work: work() });
  }

  return {
    get work() {
      return work();
    },
    get tasks() {
      return tasks;
    },
    tasksChanged(line) {
      set({ tasks: activeOf(list(line["tasks"])).map((task) => taskOf(task, "task_id")) });
    },
    stopped(payload) {
      // Absent in a Claude that does not report it: then nothing is known, and what was known stays.
      const live = payload["background_tasks"];
      const crons = payload["session_crons"];
      set({
        ...(Array.isArray(live) ? { tasks: activeOf(live).map((task) => taskOf(task, "id")) } : {}),
        ...(Array.isArray(crons) ? timersOf(crons.filter(isJson)) : {}),
      });
    },
    status(word) {
      if (word === "idle") set({ tasks: [] });
      if (word === "shell" && tasks.length === 0) set({ tasks: [UNNAMED] });
    },
    turnEnded(outcome) {
      if (outcome !== "completed" && once.length > 0) set({ timers: timers.filter(({ id }) => !once.includes(id)), once: [] });
    },
    ending() {
      taken ??= work();
    },
    ended() {
      const gone = taken ?? work();
      taken = null;
      set({ tasks: [], timers: [], once: [] });
      return gone;
    },
    announce() {
      if (work().length > 0) context.emit({ type: "background", work: work() });
    },
  };
}

/** Ambient tasks, and those on another machine, are no activity of this process. */
function activeOf(tasks: readonly unknown[]): Json[] {
  return tasks.filter(isJson).filter((task) => task["ambient"] !== true && task["off_host"] !== true);
}

function taskOf(task: Json, idKey: string): BackgroundWork {
  const type = str(task["type"]) ?? str(task["task_type"]) ?? "";
  const command = str(task["command"]);
  const label = str(task["description"]) || str(task["name"]) || command || str(task["agent_type"]) || type || "background work";
  return {
    id: str(task[idKey]) ?? label,
    kind: KINDS[type] ?? "other",
    label: shortText(label, MAX_LABEL),
    ...(command === undefined ? {} : { command: shortText(command, MAX_LABEL) }),
  };
}

function timersOf(crons: readonly Json[]): Pick<BackgroundMark, "timers" | "once"> {
  const once = crons.filter((cron) => cron["recurring"] === false);
  return { timers: crons.map(timerOf), once: once.map((cron) => timerOf(cron).id) };
}

function timerOf(cron: Json): BackgroundWork {
  const prompt = str(cron["prompt"]) ?? "";
  const when = str(cron["schedule"]) ?? "";
  const label = cron["recurring"] === false ? `wakes up for: ${prompt}` : `every ${when}: ${prompt}`;
  return { id: str(cron["id"]) ?? label, kind: "timer", label: shortText(label, MAX_LABEL) };
}

/** One sentence on what ended with the agent. */
export function endedWords(work: readonly BackgroundWork[]): NoticeWords {
  const names = work.map((one) => (one.command && one.command !== one.label ? `${one.label} (${one.command})` : one.label));
  return noticeWords(work.every((one) => one.kind === "timer") ? "timers_ended" : "background_ended", { names });
}
