/**
 * Which lines were told although the read offset does not say so: stdout told them because the transcript did not deliver, or the file began
 * anew. By uuid for the latest; for all others by their time, which stdout and transcript write alike (2.1.329).
 */
import type { TailMark } from "./state.ts";
import { type Json, str } from "./json.ts";

const MAX_UUIDS = 2_000;

export interface ToldLines {
  /** A line was read, or is about to be told. */
  seen(line: Json): void;
  /** Everything up to the newest moment seen so far was told. */
  upToNow(): void;
  /** Everything up to now may stand in a file that can't be read yet. */
  unknownUntil(at: number): void;
  /** From stdout. False: it was told from there before. */
  add(uuid: string): boolean;
  has(uuid: string | undefined): boolean;
  /** An event of it may go out, under the key it had, but it changes nothing any more. */
  isOld(line: Json): boolean;
  mark(): Pick<TailMark, "lastAt" | "pastUntil">;
}

/** `isAwaited`: a prompt of ours that has not begun is new whatever the time in its line. */
export function createToldLines(
  saved: Pick<TailMark, "lastAt" | "pastUntil"> | undefined,
  isAwaited: (uuid: string) => boolean,
): ToldLines {
  let lastAt = saved?.lastAt;
  let pastUntil = saved?.pastUntil;
  const uuids = new Set<string>();

  return {
    seen(line) {
      const at = timeOf(line);
      if (at !== undefined) lastAt = Math.max(lastAt ?? at, at);
    },
    upToNow() {
      pastUntil = lastAt;
    },
    unknownUntil(at) {
      pastUntil = at;
    },
    add(uuid) {
      if (uuids.has(uuid)) return false;
      uuids.add(uuid);
      if (uuids.size > MAX_UUIDS) uuids.delete(uuids.values().next().value as string);
      return true;
    },
    has: (uuid) => uuid !== undefined && uuids.has(uuid),
    isOld(line) {
      const at = timeOf(line);
      if (pastUntil === undefined || at === undefined || at > pastUntil) return false;
      const uuid = str(line["uuid"]);
      return uuid === undefined || !isAwaited(uuid);
    },
    mark: () => ({ ...(lastAt === undefined ? {} : { lastAt }), ...(pastUntil === undefined ? {} : { pastUntil }) }),
  };
}

function timeOf(line: Json): number | undefined {
  const at = Date.parse(str(line["timestamp"]) ?? "");
  return Number.isNaN(at) ? undefined : at;
}
