/** Starts of the agent's process, one after the other: a broken agent must not be started in a loop. */
import type { DriverLog, Front } from "@hapi/agents";
import { type AgentFailure, toAppError } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { Control } from "./handoff-steps.ts";

/** After one that failed the next try waits. */
export const RESTART_PAUSE_MS = 2_000;

export interface AgentStarts {
  /** False: it could not be started, and who listens has heard why. */
  start(front: Front): Promise<boolean>;
  /** The same for an agent that shares its thread: it runs, and its own screen beside it. */
  openTerminal(): Promise<boolean>;
  readonly lastFailure: unknown;
}

export interface AgentStartDeps {
  /** Changed here and by the handoff loop alone. */
  control: Control;
  supervisor: AgentSupervisor;
  /** So many times in a row. */
  startFailed(front: Front, failure: AgentFailure, times: number): void;
  clock: Clock;
  log: DriverLog;
}

function failureOf(cause: unknown): AgentFailure {
  const error = toAppError(cause);
  return {
    code: error.code === "internal" ? "unknown" : "agent_exited",
    message: error.message,
    retryable: error.retryable,
    cause: error.code,
  };
}

export function createAgentStarts({ control, supervisor, startFailed, clock, log }: AgentStartDeps): AgentStarts {
  let times = 0;
  let lastFailure: unknown;

  async function attempt(front: Front, run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      control.pausedUntil = 0;
      times = 0;
      return true;
    } catch (cause) {
      control.pausedUntil = clock.now() + RESTART_PAUSE_MS;
      lastFailure = cause;
      log.warn("agent.start_failed", { front, cause });
      times++;
      startFailed(front, failureOf(cause), times);
      return false;
    }
  }

  return {
    start: (front) => attempt(front, () => supervisor.ensure(front)),
    openTerminal: () => attempt("local", () => supervisor.openTerminal()),
    get lastFailure() {
      return lastFailure;
    },
  };
}
