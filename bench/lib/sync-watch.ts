/**
 * Sees from outside whether a process is flushing a file right now: Linux shows for each thread the system call it is in. A look takes a
 * sample, so many looks prove that it happens and none can prove that it doesn't.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { attempt } from "@hapi/platform";

/** fsync and fdatasync. */
const syncCalls: Record<string, readonly string[]> = { x64: ["74", "75"], arm64: ["82", "83"] };

/** Null: this system does not show it. */
export function filesBeingSynced(pid: number): string[] | null {
  const calls = syncCalls[process.arch];
  const threads = attempt(() => readdirSync(`/proc/${pid}/task`), "a system without /proc shows nothing");
  if (!calls || !threads) return null;
  const states = threads.map((thread) => attempt(() => readFileSync(`/proc/${pid}/task/${thread}/syscall`, "latin1"), "it may have ended"));
  if (states.every((state) => state === undefined)) return null;
  return states.flatMap((state) => {
    const [call = "", descriptor = ""] = (state ?? "").split(" ");
    if (!calls.includes(call)) return [];
    const file = attempt(() => readlinkSync(`/proc/${pid}/fd/${Number(descriptor)}`), "it may be closed by now");
    return file === undefined ? [] : [file];
  });
}
