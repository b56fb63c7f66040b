/**
 * One answer per request: sending, sent (the agent has it and has not shown that it took it), taken, waiting for the session, or somebody was
 * faster. A failure keeps what the person entered.
 */
import { errorText } from "../../../i18n/error-words.ts";
import { useCallback, useRef, useState } from "react";
import type { TimelineRequest } from "@hapi/core";
import type { AnswerResult, ApproveRequest } from "../../../sync/port.ts";
import { forgetDrafts } from "./request-drafts.ts";
import { useRequestHost } from "./request-host.tsx";

export type AnswerState =
  | { kind: "open"; error: string | null }
  | { kind: "sending"; what: "approve" | "deny" }
  | { kind: "answered"; what: "approve" | "deny"; result: AnswerResult };

export interface Answering {
  state: AnswerState;
  approve(answer?: ApproveRequest): void;
  deny(answer?: { reason?: string; abort?: boolean }): void;
}

/** Answers outlive their cards: a virtual list unmounts what scrolls away. Bounded; by the request's id and what it asks. */
const MAX_KEPT = 200;
const kept = new Map<string, AnswerState>();

function keep(id: string, state: AnswerState): void {
  kept.delete(id);
  kept.set(id, state);
  const oldest = kept.size > MAX_KEPT ? kept.keys().next().value : undefined;
  if (oldest !== undefined) kept.delete(oldest);
}

export function useAnswer(request: TimelineRequest): Answering {
  const { sessionId, actions } = useRequestHost();
  const { id, digest } = request;
  const key = digest === null ? id : `${id} ${digest}`;
  const [state, setState] = useState<AnswerState>(() => kept.get(key) ?? { kind: "open", error: null });
  const sent = useRef(state.kind !== "open" || request.sent !== null);

  const send = useCallback(
    (what: "approve" | "deny", call: () => Promise<AnswerResult>) => {
      if (sent.current) return;
      sent.current = true;
      const move = (next: AnswerState) => {
        if (next.kind === "open") kept.delete(key);
        else keep(key, next);
        sent.current = next.kind !== "open";
        setState(next);
      };
      move({ kind: "sending", what });
      call().then(
        (result) => {
          forgetDrafts(id);
          move({ kind: "answered", what, result });
        },
        (cause: unknown) => move({ kind: "open", error: errorText(cause) }),
      );
    },
    [id, key],
  );

  // Answered from elsewhere, or before this page was loaded: the first answer stands.
  const { sent: elsewhere } = request;
  const known: AnswerState =
    elsewhere !== null && state.kind === "open"
      ? { kind: "answered", what: elsewhere.what === "allow" ? "approve" : "deny", result: { status: "sent" } }
      : state;

  return {
    state: known,
    approve: (answer = {}) => send("approve", () => actions.approve(sessionId, id, digest === null ? answer : { ...answer, digest })),
    deny: (answer = {}) => send("deny", () => actions.deny(sessionId, id, answer)),
  };
}
