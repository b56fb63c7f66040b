/**
 * The way of an answer from elsewhere into the demo's own front end: a file in a folder that its launch names, one per question. Whichever answer
 * comes first is taken there, and stands in the record; a file that comes too late belongs to a question that is never asked again.
 */
import { mkdirSync, readFileSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { attempt, type Clock, every, writeFileAtomic } from "@hapi/platform/lean";

/** Not every system and file system reports changes. */
const POLL_MS = 1_000;

const fileOf = (dir: string, threadId: string, id: string): string => join(dir, `${threadId}.${id}.json`);

/** Nothing of an earlier launch is left in it. */
export function emptyAnswers(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

export function giveAnswer(dir: string, threadId: string, id: string, result: object): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileAtomic(fileOf(dir, threadId, id), JSON.stringify(result), { volatile: true });
}

/** Null when it is aborted before one comes. */
export function takeAnswer(dir: string, threadId: string, id: string, by: { clock: Clock; signal: AbortSignal }): Promise<unknown> {
  const { clock, signal } = by;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = fileOf(dir, threadId, id);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const look = (): void => {
    if (signal.aborted) return resolve(null);
    try {
      const answer: unknown = JSON.parse(readFileSync(file, "utf8"));
      rmSync(file, { force: true });
      resolve(answer);
    } catch (cause) {
      if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) reject(cause);
    }
  };
  const watcher = attempt(() => watch(dir, look), "looking now and then must do");
  watcher?.on("error", () => watcher.close());
  const stopPolling = every(clock, POLL_MS, look);
  signal.addEventListener("abort", look, { once: true });
  look();
  return promise.finally(() => {
    watcher?.close();
    stopPolling();
  });
}
