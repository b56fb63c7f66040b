/** What a session knows of itself, for people who look for a fault: threads, the last start, the last failure. Nothing that could be a credential. */
import { shortText } from "@hapi/core";
import { withoutSecretArgs } from "@hapi/platform";
import { hostname } from "node:os";
import type { OwnDiagnostics, SessionEnvironment } from "@hapi/protocol";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { InForce } from "./in-force.ts";
import type { Facts } from "./ledger-state.ts";
import type { Losses } from "./losses.ts";
import type { SessionFile } from "./session-file.ts";
import { retryOnWire } from "./retry-plan.ts";

export interface DiagnosticsInput {
  sessionFile: SessionFile;
  facts: Facts;
  supervisor: Pick<AgentSupervisor, "busy" | "front" | "conversation">;
  autoRetry: boolean;
  hostPid: number;
  inForce: Pick<InForce, "permissionMode" | "model">;
  losses: Pick<Losses, "counts">;
  environment: SessionEnvironment | undefined;
}

const MAX_ARG = 200;

/** Names of flags stay; a value that is a secret, or that belongs to a flag that may carry one, does not. */
export const withoutSecrets = (args: readonly string[]): string[] => withoutSecretArgs(args, "***", (word) => shortText(word, MAX_ARG));

function lastFailureOf({ lastStart, lastTurn }: Facts): OwnDiagnostics["lastFailure"] {
  const ofStart = lastStart?.failure ? { code: lastStart.failure.code, message: lastStart.failure.message, at: lastStart.at } : null;
  const ofTurn = lastTurn?.failure ? { ...lastTurn.failure, at: lastTurn.at } : null;
  return ofStart && (!ofTurn || ofStart.at > ofTurn.at) ? ofStart : ofTurn;
}

/** `threads.hub` is the hub's to fill in. */
export function diagnosticsOf(input: DiagnosticsInput): OwnDiagnostics {
  const { sessionFile, facts, supervisor } = input;
  return {
    sessionId: sessionFile.sessionId,
    flavor: sessionFile.flavor,
    threads: { hub: null, record: sessionFile.threadId ?? null, driver: supervisor.conversation.threadId },
    lastStart: facts.lastStart,
    host: { machineId: sessionFile.machineId, name: hostname(), pid: input.hostPid, id: facts.hostId },
    launch: {
      cwd: sessionFile.cwd,
      startedBy: sessionFile.startedBy,
      startingMode: sessionFile.startingMode,
      permissionMode: sessionFile.permissionMode ?? null,
      model: sessionFile.model ?? null,
      args: withoutSecrets(sessionFile.args),
    },
    environment: input.environment,
    agent: {
      front: supervisor.front,
      running: supervisor.front !== null,
      busy: supervisor.front !== null && supervisor.busy,
      permissionMode: input.inForce.permissionMode ?? null,
      model: input.inForce.model,
    },
    losses: [...input.losses.counts],
    ...(supervisor.conversation.unknownWords ? { unknownWords: { ...supervisor.conversation.unknownWords } } : {}),
    lastTurn: facts.lastTurn && { outcome: facts.lastTurn.outcome, at: facts.lastTurn.at },
    lastFailure: lastFailureOf(facts),
    autoRetry: input.autoRetry,
    retry: retryOnWire(facts) ?? null,
  };
}
