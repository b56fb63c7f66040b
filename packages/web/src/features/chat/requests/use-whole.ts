/**
 * All of a request that was sent shortened: fetched when a person asks for it, then shown and answered in its place, by the digest of the whole.
 * What is not shortened is whole as it is.
 */
import { createTimeline, type TimelineRequest } from "@hapi/core";
import { useState } from "react";
import { errorText } from "../../../i18n/error-words.ts";
import type { WholeRequest } from "../../../sync/port.ts";
import { useRequestHost } from "./request-host.tsx";

export interface Whole {
  /** Null: only a part of it is here. */
  request: TimelineRequest | null;
  state: "idle" | "loading" | { error: string };
  load(): void;
}

/** Drawn as every request is, under what is known of it already. */
function withAll(request: TimelineRequest, { tool, arguments: input, digest }: WholeRequest, root: string | null): TimelineRequest {
  const { id, kind, title } = request;
  const asked = { tool, arguments: input, kind, ...(title === null ? {} : { title }) };
  const [drawn] = createTimeline().update({ messages: [], agentState: { requests: { [id]: asked } }, root }).requests;
  if (!drawn) return request;
  const { object, diffs, questions, plan } = drawn;
  return { ...request, tool, input, object, diffs, questions, plan, digest, shortened: false };
}

export function useWhole(request: TimelineRequest): Whole {
  const { sessionId, root, actions } = useRequestHost();
  const [loaded, setLoaded] = useState<{ of: string | null; request: TimelineRequest } | null>(null);
  const [state, setState] = useState<Whole["state"]>("idle");
  // What came for another call under the same id is not this one.
  const whole = loaded !== null && loaded.of === request.digest ? loaded.request : null;
  return {
    request: request.shortened ? whole && { ...whole, sent: request.sent } : request,
    state,
    load() {
      if (state === "loading") return;
      setState("loading");
      actions.whole(sessionId, request.id).then(
        (all) => {
          setState("idle");
          setLoaded({ of: request.digest, request: withAll(request, all, root) });
        },
        (cause: unknown) => setState({ error: errorText(cause) }),
      );
    },
  };
}
