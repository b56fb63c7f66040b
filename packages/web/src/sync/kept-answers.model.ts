/**
 * What a person has entered into a request and not sent, kept on this device through reloads and restarts of the app. Bounded in number and size;
 * the oldest goes first. Forgotten when it is sent, and with everything else when the person signs out.
 */
import { parseJson } from "@hapi/core";
import { ANSWERS_KEY } from "./storage.ts";

const MAX_KEPT = 50;
const MAX_CHARS = 128 * 1024;

export interface AnswerStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export function createKeptAnswers(storage: AnswerStorage) {
  const read = (): [string, unknown][] => {
    const stored = parseJson(storage.getItem(ANSWERS_KEY) ?? "");
    return Array.isArray(stored)
      ? stored.filter((entry): entry is [string, unknown] => Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string")
      : [];
  };

  function write(entries: readonly [string, unknown][]): void {
    let kept = entries.slice(-MAX_KEPT);
    let text = JSON.stringify(kept);
    while (text.length > MAX_CHARS && kept.length > 0) {
      kept = kept.slice(1);
      text = JSON.stringify(kept);
    }
    if (kept.length === 0) storage.removeItem(ANSWERS_KEY);
    else storage.setItem(ANSWERS_KEY, text);
  }

  return {
    get: (id: string): unknown => read().find(([key]) => key === id)?.[1] ?? null,
    /** Null: there is nothing to keep any more. */
    keep(id: string, value: unknown): void {
      const others = read().filter(([key]) => key !== id);
      write(value === null ? others : [...others, [id, value]]);
    },
    /** Of one request, with everything entered into its parts. */
    forget(requestId: string): void {
      write(read().filter(([key]) => key !== requestId && !key.startsWith(`${requestId}:`)));
    },
  };
}
