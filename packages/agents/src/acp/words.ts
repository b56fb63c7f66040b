/** Words of an agent's that are no part of the conversation: those nobody knows, and errors that it reports as words of the model. */
import { boundedRaw, countUnknown } from "../shared/unknown-words.ts";
import type { Translation } from "./state.ts";
import { endItem } from "./turns.ts";

export interface UnknownWord {
  place: "update" | "notification" | "request";
  word: string;
  raw: unknown;
  /** Offset of its line. */
  start: number;
}

/** Of the protocol, and not offered to the agent in the handshake; some ask all the same. */
export const isWithheld = (method: string): boolean => /^(fs|terminal)\//.test(method);

/** A word that no table names: counted, and shown as it is. */
export function unknownWord(to: Translation, { place, word, raw, start }: UnknownWord): void {
  to.log.debug("acp.unknown_word", { place, word });
  if (!countUnknown((to.state.unknown ??= {}), place, word)) return;
  const id = `${to.state.launchId}:${start}:raw`;
  to.emit({ type: "record", key: id, at: to.now(), event: { type: "unknown", id, raw: boundedRaw(raw) } });
}

/** True: it was no word of the model. */
export function spokenError(to: Translation, words: string, start: number): boolean {
  const spoken = to.profile.spoken?.(words) ?? null;
  // More words of the model: it went on all the same.
  to.state.spoken = spoken?.type === "failed" ? spoken : null;
  if (!spoken) return false;
  endItem(to);
  const id = `${to.state.launchId}:${start}:spoken`;
  const level = spoken.type === "failed" ? ("warning" as const) : ("info" as const);
  to.emit({ type: "record", key: id, at: to.now(), event: { type: "notice", id, text: spoken.message, level } });
  return true;
}
