/** Which marks of this device the hub does not know yet. Pure. */
import type { SeenMark } from "./store.ts";

/** @param known the hub's own time */
export function isUntold(mark: SeenMark, known: number | undefined): boolean {
  if (known === undefined) return true;
  return mark.back === true ? known !== mark.at : known < mark.at;
}
