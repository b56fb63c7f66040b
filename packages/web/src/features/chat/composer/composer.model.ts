/** The composer's rules: when it can send, what Enter does, how a taken-back prompt comes home. Pure. */
import { cutTextStart } from "@hapi/core";
import type { Draft, DraftFile } from "../../../sync/port.ts";

export const EMPTY_DRAFT: Draft = { text: "", files: [] };
export const MAX_FILES = 10;
/** What the hub takes in one upload. */
export const MAX_FILE_BYTES = 50 * 1024 * 1024;

export const isEmptyDraft = (draft: Draft): boolean => draft.text.trim() === "" && draft.files.length === 0;

/** `stop` only when there is nothing to send: a half-written prompt is never turned into an interruption. */
export function buttonOf(draft: Draft, working: boolean): "send" | "stop" {
  return working && isEmptyDraft(draft) ? "stop" : "send";
}

export interface KeyFacts {
  key: string;
  shift: boolean;
  alt: boolean;
  mod: boolean;
  /** An input method is composing: Enter belongs to it. */
  composing: boolean;
}

export type EnterRule = "auto" | "enter" | "mod";

/** On a desk Enter sends and Shift-Enter breaks the line; on a phone Enter breaks the line. Mod-Enter sends everywhere. */
export function sendsOn(key: KeyFacts, rule: EnterRule, desk: boolean): boolean {
  if (key.key !== "Enter" || key.composing) return false;
  if (key.mod) return true;
  if (key.shift || key.alt) return false;
  return rule === "enter" || (rule === "auto" && desk);
}

/** A prompt taken back from the queue goes in front of what is being written, with the time it was planned for. */
export function takeBack(draft: Draft, text: string, files: readonly DraftFile[], plannedAt: number | null = null): Draft {
  const own = draft.text.trim() === "" ? "" : draft.text;
  const at = draft.at ?? plannedAt;
  return {
    text: own === "" ? text : text === "" ? own : `${text}\n\n${own}`,
    files: [...files, ...draft.files].slice(0, MAX_FILES),
    ...(at === null ? {} : { at }),
  };
}

export type Refusal = "too-big" | "too-many" | "empty";

export function admit(draft: Draft, file: { size: number }, adding: number): Refusal | null {
  if (draft.files.length + adding >= MAX_FILES) return "too-many";
  if (file.size > MAX_FILE_BYTES) return "too-big";
  return file.size === 0 ? "empty" : null;
}

/** A pasted picture has no name worth keeping. */
export function fileNameOf(file: { name: string; type: string }, serial: number): string {
  if (file.name && !/^image\.\w+$/.test(file.name)) return cutTextStart(file.name, 255);
  return `pasted-${serial}.${file.type.split("/")[1]?.replace(/\W.*$/, "") || "png"}`;
}
