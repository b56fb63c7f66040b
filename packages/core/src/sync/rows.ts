/** Message rows of one session: their order, and how two versions of a row become one. */
import type { Message } from "@hapi/protocol";
import { stateOfRow } from "../prompt-states.ts";
import { laterStage } from "../stages.ts";
import type { Position } from "./state.ts";

/** Rows the hub has not numbered yet come after those of the same moment. */
const UNNUMBERED = Number.MAX_SAFE_INTEGER;

export function positionOf(row: Message): Position {
  return { at: row.invokedAt ?? row.createdAt, seq: row.seq ?? UNNUMBERED };
}

export function comparePositions(a: Position, b: Position): number {
  return a.at - b.at || a.seq - b.seq;
}

export function compareRows(a: Message, b: Message): number {
  return comparePositions(positionOf(a), positionOf(b)) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** A prompt that no agent has got: shown in the queue, outside the order of rows. */
export function isQueued(row: Message): boolean {
  return row.localId !== null && (row.invokedAt ?? null) === null;
}

/** One that nobody has begun with: in the queue, or with its agent. Only of such a one it is told what it waits for. */
export function isUnbegun(row: Message): boolean {
  if (row.localId === null) return false;
  const state = stateOfRow(row) ?? "queued";
  return isQueued(row) ? state === "queued" : state === "handed" || state === "in-transcript";
}

export function isSameRow(a: Message, b: Message): boolean {
  return a.id === b.id || (a.localId !== null && a.localId === b.localId);
}

/** Deep equality of JSON values; used to keep the object we have when nothing changed. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const aKeys = Object.keys(a);
  const other = b as Record<string, unknown>;
  if (aKeys.length !== Object.keys(b).length) return false;
  return aKeys.every((key) => Object.hasOwn(b, key) && isSameJson((a as Record<string, unknown>)[key], other[key]));
}

/**
 * The row after hearing of it again. What only goes forward stays forward even if an older reading arrives late: once invoked always
 * invoked (only an explicit requeue undoes it), and stages never go back. The known object is kept when nothing changed.
 */
export function mergeRow(known: Message, heard: Message): Message {
  const merged: Message = { ...known, ...heard };
  if (known.invokedAt !== null && known.invokedAt !== undefined) merged.invokedAt = known.invokedAt;
  if (heard.localId === null && known.localId !== null) merged.localId = known.localId;
  if (heard.seq === null && known.seq !== null) merged.seq = known.seq;
  if (known.stage !== undefined) {
    const stage = heard.stage === undefined ? known.stage : laterStage(known.stage, heard.stage);
    merged.stage = stage;
    if (stage === known.stage && stage !== heard.stage) {
      if (known.stageDetail === undefined) delete merged.stageDetail;
      else merged.stageDetail = known.stageDetail;
    }
  }
  // It waits no more.
  if (!isUnbegun(merged)) delete merged.waiting;
  return isSameJson(known, merged) ? known : merged;
}
