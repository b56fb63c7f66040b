/** Changing a versioned value of which others write too: compute from what the hub has, try again on a conflict. */
import { AppError } from "@hapi/protocol";

/** So many conflicts in a row mean that two writers fight. */
const MAX_CONFLICTS = 20;

export interface VersionedState<T> {
  version: number;
  value: T | null;
}

export type VersionedAnswer<T> =
  | { result: "success" | "version-mismatch"; version: number; value: T | null }
  | { result: "error"; reason?: string };

/** @returns what the hub has now; nothing is sent when `next` gives what is there already */
export async function updateVersioned<T>(
  known: VersionedState<T>,
  next: (current: T | null) => T,
  send: (expectedVersion: number, value: T) => Promise<VersionedAnswer<T>>,
): Promise<VersionedState<T>> {
  let state = known;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const wanted = next(state.value);
    if (JSON.stringify(wanted) === JSON.stringify(state.value)) return state;
    const answer = await send(state.version, wanted);
    if (answer.result === "error") throw new AppError("internal", answer.reason ?? "The hub refused the change");
    state = { version: answer.version, value: answer.value };
    if (answer.result === "success") return state;
  }
  throw new AppError("version_conflict");
}
