/**
 * One session, put together and run to its end: first what is kept and seen (`state.ts`), then its parts (`parts.ts`), then what follows from what
 * happens (`reactions.ts`). Everything it must remember is in the ledger and the session file; this process may be killed at any point and a new one
 * continues. All ports come from outside, so tests run it in memory.
 */
import { AppError, toAppError } from "@hapi/protocol";
import { fileRpcs } from "../files/index.ts";
import { nextBest } from "./earlier.ts";
import type { Ending } from "./ending.ts";
import { tellCredentials } from "./notices.ts";
import { buildParts } from "./parts.ts";
import { react } from "./reactions.ts";
import { sessionRpcs } from "./rpc.ts";
import type { ToolHandler } from "./hook-server.ts";
import type { SessionPorts } from "./session-ports.ts";
import { openState } from "./state.ts";
import { takeUp } from "./take-up.ts";
import { sessionTools } from "./tools/session-tools.ts";

export interface RunningSession {
  /** Takes over what runs (then says `adopted`), or starts what should run. Where the agent can't be had at all, the session ends as `failed`. */
  begin(adopted?: () => void): Promise<void>;
  onHook(payload: unknown, signal: AbortSignal): Promise<unknown>;
  /** Its agent calls one of HAPI's own tools. */
  onTool: ToolHandler;
  /** Ends the session for good: agent, hub row's activity, host. */
  end(ending: Ending): Promise<void>;
  /** Instead of `begin`, where no host lives any more: says how everything stands and ends, without an agent. */
  settle(ending: Ending): Promise<{ isTold: boolean }>;
  /** Leaves everything running and lets go of it. */
  release(): Promise<void>;
  /** Resolves with the exit code once the session is over. */
  readonly ended: Promise<number>;
}

export async function openSession(ports: SessionPorts): Promise<RunningSession> {
  const { sessionFile, ledger, link, log } = ports;
  const state = openState(ports);
  const parts = await buildParts(ports, state);
  const { leaveWorld } = react(ports, state, parts);
  const { signals, life, notice } = state;
  const { supervisor, hub, heartbeat, retrying, ending } = parts;

  return {
    async begin(adopted = () => undefined) {
      hub.open({ ...sessionRpcs(parts.actions), ...fileRpcs(parts.confinement, ports.runCommand) });
      tellCredentials({ changed: ports.changedCredentials ?? {}, sessionId: sessionFile.value.sessionId, ledger, notice, log });
      try {
        await takeUp({ ports, ...state, ...parts, say: signals.agentSaid.emit, adopted });
        retrying.takenUp();
      } catch (cause) {
        const error = toAppError(cause);
        log.warn("session.not_begun", { code: error.code, message: error.message, cause: String(error.cause ?? "") });
        const message = nextBest(error, sessionFile.value.sessionId);
        await ending.end({ lifecycle: "failed", failureCode: error.code, exitCode: 1, reason: error.code, message });
      }
      signals.queueDue.emit();
      signals.changed.emit();
    },
    async onHook(payload, signal) {
      const { conversation } = supervisor;
      if (!conversation.onHook) throw new AppError("not_supported");
      return conversation.onHook(payload, signal);
    },
    onTool: sessionTools(ports, state, parts).call,
    end: (how) => ending.end(how),
    async settle(how) {
      // No sign of life and no new prompt: it only says its last words.
      heartbeat.close();
      leaveWorld();
      await supervisor.adopt();
      // It is on its way out from the beginning: whoever asks something of the session must find that nobody is there.
      hub.open({});
      await ending.end({ ...how, isLoss: true });
      return { isTold: ending.isTold };
    },
    async release() {
      life.close();
      await supervisor.dispose();
      await link.close();
      await ledger.close();
    },
    ended: ending.done,
  };
}
