/**
 * What a host leaves on disk for the day it is killed: by what mark everything it started can be known, and its agents by pid and start time.
 * Written by the host alone, before its first agent, and gone when it ends in good order.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { attempt, bootId, writeFileAtomic, type Family, type ProcessId } from "@hapi/platform/lean";

/** In the environment of every agent and of what it starts. Another host's is never the same. */
export const MARK_VARIABLE = "HAPI_HOST_MARK";

export interface HostFamily {
  host: ProcessId;
  /** Of the machine's start that pids and start times belong to; null where the system has none. */
  bootId: string | null;
  mark: string;
  agents: readonly ProcessId[];
}

export function familyFile(dir: string): string {
  return join(dir, "family.json");
}

/** Null when there is none, or what is there can't be understood: then nobody is known. */
export function readFamily(dir: string): HostFamily | null {
  const value: unknown = attempt(() => JSON.parse(readFileSync(familyFile(dir), "utf8")), "no file, or a damaged one");
  if (typeof value !== "object" || value === null) return null;
  const { host, mark, agents, bootId: boot } = value as Partial<Record<keyof HostFamily, unknown>>;
  if (!isProcessId(host) || typeof mark !== "string" || mark === "" || !Array.isArray(agents)) return null;
  return { host, mark, agents: agents.filter(isProcessId), bootId: typeof boot === "string" ? boot : null };
}

/** After a loss of power there is nothing to be ended: the disk is not waited for. */
export function writeFamily(dir: string, record: Omit<HostFamily, "bootId">): void {
  writeFileAtomic(familyFile(dir), JSON.stringify({ ...record, bootId: bootId() }), { volatile: true });
}

/** Only this host's: a successor's stays. */
export function removeFamily(dir: string, mark: string): void {
  if (readFamily(dir)?.mark === mark) rmSync(familyFile(dir), { force: true });
}

export function familyOf({ mark, agents }: Pick<HostFamily, "mark" | "agents">): Family {
  return { mark: { name: MARK_VARIABLE, value: mark }, members: agents };
}

function isProcessId(value: unknown): value is ProcessId {
  if (typeof value !== "object" || value === null) return false;
  const { pid, startTime } = value as Partial<ProcessId>;
  // Without its start time a pid may be anybody's.
  return typeof pid === "number" && typeof startTime === "string";
}
