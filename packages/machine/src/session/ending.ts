/** The one way a session ends: agent first, then what must still be said, then the hub, then the host, whose viewers leave with our exit code. */
import { LATE, within } from "@hapi/platform";
import { AppError, type LifecycleState, toAppError } from "@hapi/protocol";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { HandoffLoop } from "./handoff-loop.ts";
import type { Registration } from "./registration.ts";
import type { Inbox } from "./inbox.ts";
import type { Backlog } from "./backlog.ts";
import type { PermissionBroker } from "./permissions.ts";
import type { RemoteScreen } from "./remote-screen.ts";
import type { SetLifecycle } from "./lifecycle.ts";
import type { SessionPorts } from "./session-ports.ts";
import type { StageReports } from "./stage-reports.ts";
import type { SessionLife } from "./state.ts";
import type { Turns } from "./turns.ts";

/** What was not heard by the hub after this stays in the ledger and goes when the session runs again. */
const LAST_WORDS_MS = 3_000;
const STOP_GRACE_MS = 3_000;
/** A session that ends right after it began still gets its row. */
const FIRST_CONTACT_MS = 1_000;

export interface Ending {
  lifecycle: Extract<LifecycleState, "completed" | "aborted" | "failed">;
  exitCode: number;
  /** Why, for the hub. */
  reason: string;
  failureCode?: string;
  /** Last line on the viewers' terminals. */
  message?: string;
  /** How long to wait for a hub that was not there yet. */
  contactMs?: number;
  /** Nobody wanted it: what it holds for its agent is to be run by its next life. */
  isLoss?: boolean;
  /** The hub does not want to know of it any more. */
  isForgotten?: boolean;
}

/** What a person asked for from afar. */
export function endingOf(reason: "abort" | "kill" | "handoff"): Ending {
  if (reason === "handoff") return { lifecycle: "completed", exitCode: 0, reason, message: "The session continues elsewhere." };
  return { lifecycle: "aborted", exitCode: 0, reason, message: "The session was ended remotely." };
}

export interface EndingDeps {
  life: SessionLife;
  ports: SessionPorts;
  supervisor: AgentSupervisor;
  loop: HandoffLoop;
  inbox: Inbox;
  broker: PermissionBroker;
  turns: Turns;
  backlog: Backlog;
  reports: StageReports;
  hub: Registration;
  screen: RemoteScreen;
  setLifecycle: SetLifecycle;
}

export interface SessionEnding {
  end(ending: Ending): Promise<void>;
  /** Resolves with the exit code. */
  readonly done: Promise<number>;
  /** The hub has confirmed all that it had to hear. What it has not goes when the session runs again, or is settled again. */
  readonly isTold: boolean;
}

export function createEnding(deps: EndingDeps): SessionEnding {
  const { ports, supervisor, life } = deps;
  const { clock, log, link, host, ledger } = ports;
  const over = Promise.withResolvers<number>();
  let isTold = false;

  /** Whatever comes of it. */
  const settles = async (work: Promise<unknown>, ms: number): Promise<void> => {
    await within(clock, ms, Promise.allSettled([work]));
  };

  /** A step that fails must not keep the others from happening. */
  async function step(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      log.warn("ending.step_failed", { name, code: toAppError(cause).code, cause });
    }
  }

  async function isQueuedAtHub({ localId, seq }: { localId: string; seq: number }): Promise<boolean> {
    const rows = await within(clock, LAST_WORDS_MS, (signal) => link.messagesAfter(seq - 1, 1, signal));
    if (rows === LATE) throw new AppError("timeout");
    const [row] = rows;
    return row?.localId === localId && row.invokedAt == null;
  }

  /** Whoever takes back a prompt that waits must not have to wait for the session to run again. Forgotten here before the hub is told. */
  async function giveBack(): Promise<void> {
    const localIds = await deps.inbox.giveBack(isQueuedAtHub);
    if (localIds.length > 0) await settles(link.returned(localIds), LAST_WORDS_MS);
  }

  async function run(ending: Ending): Promise<void> {
    log.info("session.ending", { ...ending });
    deps.loop.close();
    await step("stop", () => supervisor.stop({ interrupt: supervisor.busy, graceMs: STOP_GRACE_MS }));
    deps.turns.close("interrupted");
    deps.broker.agentGone();
    await step("prompts", () => deps.inbox.reconcile(false));
    await step("lifecycle", () => deps.setLifecycle(ending.lifecycle, ending.failureCode ?? null));
    deps.hub.touch();
    if (!ending.isForgotten) await settles(deps.hub.firstConnected, ending.contactMs ?? FIRST_CONTACT_MS);
    if (link.connected && !ending.isForgotten) {
      await step("queue", giveBack);
      await settles(Promise.all([deps.backlog.drained(), deps.reports.confirmed()]), LAST_WORDS_MS);
      await settles(deps.hub.settled(), LAST_WORDS_MS);
      const isHeard = await within(clock, LAST_WORDS_MS, link.end(ending.reason, ending.isLoss ? deps.inbox.held : 0));
      isTold = isHeard === true && ledger.state.backlog.size === 0 && deps.reports.isConfirmed;
    }
    await step("screen", () => deps.screen.hide());
    life.close();
    await step("agent", () => supervisor.dispose());
    await step("link", () => link.close());
    await step("hooks", async () => ports.closeHooks?.());
    await step("ledger", () => ledger.close());
    await step("host", () => host.shutdown({ exitCode: ending.exitCode, message: ending.message }));
    over.resolve(ending.exitCode);
  }

  return {
    done: over.promise,
    get isTold() {
      return isTold;
    },
    async end(ending) {
      if (!life.isEnding) {
        life.isEnding = true;
        void run(ending);
      }
      await over.promise;
    },
  };
}
