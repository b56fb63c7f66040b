/** What a person has entered into a form that is not sent yet. A virtual list unmounts what scrolls away; half an answer must not go with it. */
import { useCallback, useState } from "react";

const MAX_DRAFTS = 100;
const drafts = new Map<string, unknown>();

/** `id` must belong to one shape of draft. */
export function useRequestDraft<Value>(id: string, initial: Value): [Value, (change: (now: Value) => Value) => void] {
  const [value, setValue] = useState<Value>(() => (drafts.get(id) as Value | undefined) ?? initial);
  const change = useCallback(
    (next: (now: Value) => Value) => {
      setValue((now) => {
        const changed = next(now);
        drafts.delete(id);
        drafts.set(id, changed);
        const oldest = drafts.size > MAX_DRAFTS ? drafts.keys().next().value : undefined;
        if (oldest !== undefined) drafts.delete(oldest);
        return changed;
      });
    },
    [id],
  );
  return [value, change];
}
