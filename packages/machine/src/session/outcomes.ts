/** What follows when the agent's process fails to start, moves between front ends, or ends: stages, history, lifecycle, the end of the session. */
import type { DriverLog, Front } from "@hapi/agents";
import { noticeWords } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { Exited, TerminalClosed } from "./agent-events.ts";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { SessionEnding } from "./ending.ts";
import type { HandoffLoop } from "./handoff-loop.ts";
import type { Inbox } from "./inbox.ts";
import type { Ledger } from "./ledger.ts";
import type { SetLifecycle } from "./lifecycle.ts";
import type { Backlog } from "./backlog.ts";
import type { PermissionBroker } from "./permissions.ts";
import type { ScreenModel } from "./screen-model.ts";
import type { SessionLife, StartFailure } from "./state.ts";
import type { Turns } from "./turns.ts";

/** So many failed starts in a row, and the prompt that waits for the agent goes back to its sender. */
const START_FAILURES_BEFORE_GIVING_BACK = 3;
/** The agent's own screen ended this soon with an error: it never really started. */
const EARLY_EXIT_MS = 3_000;

export interface FrontMoves {
  ledger: Ledger;
  backlog: Backlog;
  setLifecycle: SetLifecycle;
  clock: Clock;
}

/** The session is in another front end: written down, then told. */
export async function noteMove({ ledger, backlog, setLifecycle, clock }: FrontMoves, front: Front): Promise<void> {
  const at = clock.now();
  await ledger.setFacts({ front });
  const id = `hapi:switch:${at}`;
  backlog.add(id, { type: "switch", id, mode: front }, { at });
  await setLifecycle(front === "local" ? "paused" : "running");
}

export interface Outcomes {
  startFailed(failure: StartFailure): void;
  agentExited(event: Exited): void;
  /** Of a shared thread: its own screen ended, and the agent did not. */
  terminalClosed(event: TerminalClosed): void;
}

export interface OutcomeDeps {
  life: SessionLife;
  backlog: Backlog;
  supervisor: Pick<AgentSupervisor, "terminalSince">;
  loop: Pick<HandoffLoop, "terminalGone">;
  inbox: Inbox;
  broker: PermissionBroker;
  turns: Turns;
  ending: SessionEnding;
  model: ScreenModel;
  clock: Clock;
  log: DriverLog;
}

const exitFacts = ({ code, signal, expected, failure }: Exited | TerminalClosed) => ({ code, signal, expected, failure: failure?.code });

export function createOutcomes(deps: OutcomeDeps): Outcomes {
  const { life, backlog, supervisor, inbox, broker, turns, ending, model, clock, log } = deps;

  /** The person left the agent's own screen, or it ended by itself: so does the session, with its exit code. */
  function terminalQuit(event: Pick<Exited, "code" | "failure">): void {
    const exitCode = event.code ?? 1;
    const failed = exitCode !== 0 && clock.now() - supervisor.terminalSince < EARLY_EXIT_MS;
    const lifecycle = failed ? "failed" : "completed";
    void ending.end({
      lifecycle,
      exitCode,
      reason: "quit",
      failureCode: failed ? "agent_exited" : undefined,
      message: event.failure?.message,
    });
  }

  return {
    startFailed({ front, failure, times }) {
      model.note(failure.message);
      if (front === "local" || times % START_FAILURES_BEFORE_GIVING_BACK !== 0) return;
      inbox.failNext(failure);
      const id = `hapi:notice:${clock.now()}`;
      const reason = { code: failure.cause ?? failure.code, message: failure.message };
      backlog.add(id, { type: "notice", id, level: "warning", ...noticeWords("agent_not_started", { reason }) });
    },
    agentExited(event) {
      log.info("agent.exited", { front: event.front, ...exitFacts(event) });
      broker.agentGone();
      model.clearActivity();
      // That it is gone says nothing of what it had begun: its record does. Only a reason of its own (no login, no capacity) is the prompt's end.
      const reason = event.failure?.code === "agent_exited" ? undefined : event.failure;
      turns.close(reason ? "failed" : "interrupted", event.failure);
      if (event.front === "local" && !event.expected && !life.isEnding) return terminalQuit(event);
      if (reason) inbox.turnEnded("failed", reason);
      if (event.failure) model.note(event.failure.message);
      if (life.isEnding) return;
      inbox.reconcile(false).catch((cause: unknown) => log.warn("prompt.not_reconciled", { cause }));
    },
    terminalClosed(event) {
      log.info("terminal.closed", exitFacts(event));
      if (life.isEnding) return;
      if (!event.expected) return terminalQuit(event);
      deps.loop.terminalGone();
    },
  };
}
