/**
 * What a row means, for everybody who decides something from it: computed once, when the hub stores the row. Pure, from the row alone, so that a
 * row of before gives the same when it is read again. Every kind of event is decided here, those that mean nothing with the reason why.
 */
import {
  type AgentEvent,
  type AgentEventType,
  type AgentFailure,
  type AgentStateCompletedRequest,
  type AgentStateRequest,
  type Fact,
  MAX_FACT_TEXT,
} from "@hapi/protocol";
import { cutText } from "../text.ts";
import { todoFactOf } from "../todos.ts";
import { filesOfCall, filesOfResult, namedFiles } from "./changed-files.ts";
import { decodeContent } from "./decode.ts";
import { compact, number } from "./read.ts";
import { toolKindOf } from "./tools.ts";

type Of<T extends AgentEventType> = Extract<AgentEvent, { type: T }>;
type Reading = { [Type in AgentEventType]: ((event: Of<Type>) => Fact[]) | { nothing: string } };

/** The id of a row is not known before it is stored: an event that has only that one has none of its own. */
const NO_ID = "\u0000row";

const ownId = (id: string): string | undefined => (id.startsWith(NO_ID) ? undefined : id);
const cut = (words: string): string => cutText(words, MAX_FACT_TEXT);

function failureFact({ code, message, retryable, cause }: AgentFailure) {
  return compact({ code, message: cut(message), retryable, cause });
}

/** By type; what a type means nothing for says why. */
export const FACTS_OF: Reading = {
  "user-message": ({ localId, origin }) => [compact({ kind: "prompted" as const, localId, origin })],
  "agent-message": { nothing: "words to be read" },
  thought: { nothing: "words to be read" },
  "tool-call": (call) => [
    compact({
      kind: "tool-called" as const,
      call: ownId(call.id),
      tool: cut(call.tool),
      toolKind: call.kind,
      title: cut(call.title),
      ...namedFiles(filesOfCall(call)),
    }),
    ...todoFactOf(call),
  ],
  "tool-result": ({ callId, status, content, waitedMs }) => [
    compact({ kind: "tool-finished" as const, call: callId, status, waitedMs, ...namedFiles(filesOfResult(content)) }),
  ],
  plan: (plan) => todoFactOf(plan),
  usage: ({ usage }) => [{ kind: "usage", usage: { ...usage } }],
  "turn-started": ({ localId }) => [compact({ kind: "turn-started" as const, localId })],
  "turn-ended": ({ outcome, localIds, durationMs, usage, failure }) => [
    compact({
      kind: "turn-ended" as const,
      outcome,
      localIds,
      durationMs,
      usage: usage && { ...usage },
      failure: failure && failureFact(failure),
    }),
  ],
  retrying: ({ attempt, maxAttempts, delayMs, failure }) => [
    { kind: "retrying", attempt, maxAttempts, delayMs, failure: failureFact(failure) },
  ],
  switch: { nothing: "who has control is in the session's state" },
  "mode-changed": { nothing: "the mode is the session's" },
  "model-changed": { nothing: "the model is the session's" },
  "title-changed": { nothing: "the title is in the session's metadata" },
  notice: ({ level, code, text }) => (level === "warning" ? [compact({ kind: "warned" as const, code, text: cut(text) })] : []),
  unknown: () => [{ kind: "not-understood" }],
};

function factsOf(event: AgentEvent): Fact[] {
  const read = FACTS_OF[event.type] as ((event: AgentEvent) => Fact[]) | { nothing: string };
  if (typeof read !== "function") return [];
  const facts = read(event);
  return event.parent === undefined ? facts : facts.map((fact) => ({ ...fact, parent: event.parent }));
}

export const factsOfEvents = (events: readonly AgentEvent[]): Fact[] => events.flatMap(factsOf);

/** Of a row as it is stored. `localId`: the one it is queued under. */
export function factsOfRow(content: unknown, localId: string | null = null): Fact[] {
  return factsOfEvents(rowEvents(content, localId));
}

/** A row's events before it has an id. */
export const rowEvents = (content: unknown, localId: string | null = null): AgentEvent[] => decodeContent(content, { id: NO_ID, localId });

/** A request of a session's state was opened. */
export function askedFact(id: string, request: AgentStateRequest): Fact {
  const kind = toolKindOf(request.tool);
  const wants = request.kind ?? (kind === "question" || kind === "plan" ? kind : "permission");
  const { tool, title } = request;
  return compact({
    kind: "asked" as const,
    request: id,
    tool: cut(tool),
    wants,
    title: title && cut(title),
    since: number(request.createdAt),
  });
}

/** It was closed, whoever did it. */
export function answeredFact(id: string, { tool, status, decision, answeredBy }: AgentStateCompletedRequest): Fact {
  return compact({ kind: "answered" as const, request: id, tool: cut(tool), status, decision, answeredBy });
}
