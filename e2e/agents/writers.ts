/**
 * Watches who could write into a conversation: Claude's own list of its living processes, and the system's process table. Both count, because the
 * file appears a moment after the start and stays a moment after a kill.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, isAlive } from "@hapi/platform/lean";
import { allProcesses, type RunningProcess } from "./processes.ts";

const LIST_EVERY_MS = 5;
const TABLE_EVERY_MS = 25;

export interface WriterWatch extends Disposable {
  /** The most that were alive at one moment. */
  readonly most: number;
  /** How often it looked and saw one. */
  readonly sightings: number;
  /** Who they were, where there was more than one. */
  readonly crowds: readonly string[];
}

export function watchWriters(home: string, threadId: () => string | undefined): WriterWatch {
  const crowds: string[] = [];
  let most = 0;
  let sightings = 0;

  function saw(who: readonly string[]): void {
    most = Math.max(most, who.length);
    if (who.length > 0) sightings++;
    if (who.length > 1 && crowds.length < 20) crowds.push(who.join(" and "));
  }
  const list = setInterval(() => saw(listed(home, threadId()).map((pid) => String(pid))), LIST_EVERY_MS);
  const table = setInterval(
    () => saw(running(home, threadId()).map((one) => `${one.pid} ${one.argv.join(" ").slice(0, 200)}`)),
    TABLE_EVERY_MS,
  );
  return {
    get most() {
      return most;
    },
    get sightings() {
      return sightings;
    },
    crowds,
    [Symbol.dispose]() {
      clearInterval(list);
      clearInterval(table);
    },
  };
}

/** Claude's own list. */
export function listed(home: string, threadId: string | undefined): number[] {
  const dir = join(home, ".claude", "sessions");
  const names = attempt(() => readdirSync(dir), "no Claude ran here yet") ?? [];
  return names.flatMap((name) => {
    const text = name.endsWith(".json") ? attempt(() => readFileSync(join(dir, name), "utf8"), "it ended while we looked") : undefined;
    const facts = text
      ? (attempt(() => JSON.parse(text) as { pid: number; sessionId: string; procStart?: string }, "half written") ?? null)
      : null;
    if (!facts || facts.sessionId !== threadId) return [];
    return isAlive({ pid: facts.pid, startTime: facts.procStart ?? null }) ? [facts.pid] : [];
  });
}

/** The process table: Claude's processes on this conversation, without their own children (between fork and exec they look the same). */
function running(home: string, threadId: string | undefined): RunningProcess[] {
  if (threadId === undefined) return [];
  const found = allProcesses().filter((one) => {
    const at = one.argv.findIndex((word) => word === "--resume" || word === "--session-id");
    return at >= 0 && one.argv[at + 1] === threadId && one.environment?.includes(`HOME=${home}`);
  });
  return found.filter((one) => !found.some((other) => other.pid === one.parent));
}
