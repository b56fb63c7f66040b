/** What a person can do to a session from afar, in terms of its parts. */
import type { AgentCapabilities, OwnDiagnostics } from "@hapi/protocol";
import { AppError, noticeWords, type NoticeWords, toAppError } from "@hapi/protocol";
import type { DriverLog } from "@hapi/agents";
import { type Clock, within } from "@hapi/platform";
import { createConfigure } from "./configure.ts";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { HandoffLoop } from "./handoff-loop.ts";
import type { Control } from "./handoff-steps.ts";
import type { Inbox } from "./inbox.ts";
import type { InForce } from "./in-force.ts";
import type { AgentFacts } from "./metadata.ts";
import type { PermissionBroker } from "./permissions.ts";
import type { OpenSessionFile } from "./session-file.ts";
import type { Retrying } from "./retrying.ts";
import type { SessionActions } from "./rpc.ts";
import type { Uploads } from "./uploads.ts";

export interface ActionDeps {
  supervisor: AgentSupervisor;
  loop: Pick<HandoffLoop, "want">;
  control: Pick<Control, "front">;
  broker: PermissionBroker;
  sessionFile: OpenSessionFile;
  inForce: InForce;
  retrying: Retrying;
  inbox: Pick<Inbox, "steer" | "interruptNext" | "unwantCurrent">;
  facts: AgentFacts;
  capabilities: AgentCapabilities;
  diagnostics(): OwnDiagnostics;
  hasViewers(): boolean;
  uploads: Uploads;
  clock: Clock;
  /** A line in the history. */
  notice(words: NoticeWords): void;
  end(reason: "abort" | "kill" | "handoff"): void;
  /** What is shown at the hub changed. */
  changed(): void;
  log: DriverLog;
}

/** A retry that can't be given up in this time does not keep Stop from what runs. */
const CANCEL_WAIT_MS = 5_000;

export function createActions(deps: ActionDeps): SessionActions {
  const { supervisor, loop, control, sessionFile, capabilities, facts } = deps;

  /** It reads nothing any more: what a person wants stopped is stopped all the same. Its thread stays, and the next prompt goes on with it. */
  async function endUnanswering(): Promise<void> {
    deps.log.warn("agent.stop_unanswered", {});
    await deps.inbox.unwantCurrent();
    await supervisor.stop({ graceMs: 0 });
    deps.notice(noticeWords("stop_unanswered"));
    deps.changed();
  }

  async function retry(): Promise<{ status: "started" | "joined" }> {
    const status = await deps.retrying.now();
    deps.changed();
    return { status };
  }

  return {
    permission: (params) => deps.broker.answer(params),
    wholeRequest: deps.broker.whole,
    async interrupt() {
      // Whatever becomes of that, what runs is stopped.
      const canceled = deps.retrying.cancel().catch((cause: unknown) => deps.log.warn("retry.failed", { cause }));
      await within(deps.clock, CANCEL_WAIT_MS, canceled);
      if (supervisor.front === null) {
        if (supervisor.moving) await deps.inbox.interruptNext();
        return;
      }
      const { front } = supervisor;
      try {
        await supervisor.conversation.interrupt();
      } catch (cause) {
        if (front !== "remote" || toAppError(cause).code !== "timeout") throw cause;
        await endUnanswering();
      }
    },
    end(reason) {
      // What a person ended does not begin again by itself when it is started for something else.
      deps.retrying.cancel().catch((cause: unknown) => deps.log.warn("retry.failed", { cause }));
      deps.end(reason);
    },
    switchTo(to, now) {
      if (capabilities.control === "shared") throw new AppError("control_mode_not_applicable");
      if (to === "local" && capabilities.control === "remote") throw new AppError("control_mode_not_applicable");
      // A terminal program would run for no one.
      if (to === "local" && !deps.hasViewers()) throw new AppError("handoff_failed", "No terminal is attached to this session");
      return loop.want(to, { by: "person", now });
    },
    configure: createConfigure(deps),
    retry,
    async steer(localId) {
      if (!capabilities.steer) throw new AppError("not_supported", "This agent takes nothing while a turn runs; the prompt is next");
      if (control.front !== "remote" || supervisor.front !== "remote" || !supervisor.busy)
        throw new AppError("not_ready", "No turn is running that it could go into; it is handed in its turn");
      return { steered: await deps.inbox.steer(localId) };
    },
    cancelRetry: async () => ({ status: await deps.retrying.cancel() }),
    fork() {
      const { threadId } = sessionFile.value;
      if (!capabilities.fork || threadId === undefined) throw new AppError("not_supported", "This conversation can't be branched off");
      return { nativeSessionId: threadId, forkSession: true };
    },
    diagnostics: deps.diagnostics,
    async models() {
      if (supervisor.front !== null) return supervisor.conversation.listModels();
      return facts.models ?? [...capabilities.models];
    },
    get currentModel() {
      return deps.inForce.model;
    },
    get currentEffort() {
      return deps.inForce.effort;
    },
    get slashCommands() {
      return facts.slashCommands ?? [];
    },
    uploads: deps.uploads,
  };
}
