/**
 * What a person has entered into a form that is not sent yet. A virtual list unmounts what scrolls away, and a phone reloads a page that it put
 * away; half an answer must not go with either.
 */
import { useCallback, useState } from "react";
import { keptAnswers } from "../../../sync/kept-answers.ts";

const MAX_DRAFTS = 100;
const drafts = new Map<string, unknown>();

/** `id` must belong to one shape of draft, and begin with its request's. `read`: what was kept may be of another version of this app. */
export function useRequestDraft<Value>(
  id: string,
  initial: Value,
  read: (kept: unknown) => Value | null,
): [Value, (change: (now: Value) => Value) => void] {
  const [value, setValue] = useState<Value>(() => (drafts.get(id) as Value | undefined) ?? read(keptAnswers.get(id)) ?? initial);
  const change = useCallback(
    (next: (now: Value) => Value) => {
      setValue((now) => {
        const changed = next(now);
        drafts.delete(id);
        drafts.set(id, changed);
        const oldest = drafts.size > MAX_DRAFTS ? drafts.keys().next().value : undefined;
        if (oldest !== undefined) drafts.delete(oldest);
        keptAnswers.keep(id, changed);
        return changed;
      });
    },
    [id],
  );
  return [value, change];
}

/** It was answered. */
export const forgetDrafts = (requestId: string): void => keptAnswers.forget(requestId);

export const readWords = (kept: unknown): string | null => (typeof kept === "string" ? kept : null);
