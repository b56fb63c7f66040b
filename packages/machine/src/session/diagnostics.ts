/** What a session knows of itself, for people who look for a fault: threads, the last start, the last failure. Nothing that could be a credential. */
import { shortText } from "@hapi/core";
import { withoutSecretArgs } from "@hapi/platform";
import { hostname } from "node:os";
import type { OwnDiagnostics, SessionEnvironment } from "@hapi/protocol";
import type { AgentRunner } from "./agent-runner.ts";
import type { InForce } from "./in-force.ts";
import type { Facts } from "./ledger-state.ts";
import type { Losses } from "./losses.ts";
import type { SessionRecord } from "./record.ts";
import { retryOnWire } from "./retry-plan.ts";

export interface DiagnosticsInput {
  record: SessionRecord;
  facts: Facts;
  runner: Pick<AgentRunner, "busy" | "front" | "conversation">;
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
  const { record, facts, runner } = input;
  return {
    sessionId: record.sessionId,
    flavor: record.flavor,
    threads: { hub: null, record: record.threadId ?? null, driver: runner.conversation.threadId },
    lastStart: facts.lastStart,
    host: { machineId: record.machineId, name: hostname(), pid: input.hostPid, id: facts.hostId },
    launch: {
      cwd: record.cwd,
      startedBy: record.startedBy,
      startingMode: record.startingMode,
      permissionMode: record.permissionMode ?? null,
      model: record.model ?? null,
      args: withoutSecrets(record.args),
    },
    environment: input.environment,
    agent: {
      front: runner.front,
      running: runner.front !== null,
      busy: runner.front !== null && runner.busy,
      permissionMode: input.inForce.permissionMode ?? null,
      model: input.inForce.model,
    },
    losses: [...input.losses.counts],
    ...(runner.conversation.unknownWords ? { unknownWords: { ...runner.conversation.unknownWords } } : {}),
    lastTurn: facts.lastTurn && { outcome: facts.lastTurn.outcome, at: facts.lastTurn.at },
    lastFailure: lastFailureOf(facts),
    autoRetry: input.autoRetry,
    retry: retryOnWire(facts) ?? null,
  };
}
