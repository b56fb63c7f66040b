/** What a session knows of itself, for people who look for a fault: threads, the last start, the last failure. Nothing that could be a credential. */
import { shortText } from "@hapi/core";
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
const HIDDEN = "***";
const SECRET_FLAG = /key|token|secret|passw|auth|credential|header|settings|env|config|prompt/i;
const SECRET_VALUE = /^(sk|pk|ghp|gho|xox[a-z])[-_]|^[A-Za-z0-9+/=_-]{32,}$|:\/\/[^/\s]*@/;

/** Names of flags stay; a value that is a secret, or that belongs to a flag that may carry one, does not. */
export function withoutSecrets(args: readonly string[]): string[] {
  return args.map((arg, at) => {
    const [name = "", ...rest] = arg.split("=");
    if (arg.startsWith("-") && rest.length > 0) return isSecret(name, rest.join("=")) ? `${name}=${HIDDEN}` : shortText(arg, MAX_ARG);
    if (arg.startsWith("-")) return shortText(arg, MAX_ARG);
    const flag = args[at - 1] ?? "";
    return isSecret(flag.startsWith("-") ? flag : "", arg) ? HIDDEN : shortText(arg, MAX_ARG);
  });
}

const isSecret = (flag: string, value: string): boolean => SECRET_FLAG.test(flag) || SECRET_VALUE.test(value);

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
