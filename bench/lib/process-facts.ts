/** What processes and the machine spent, from `/proc`: CPU time and resident memory of a whole process tree. */
import { readdirSync, readFileSync } from "node:fs";
import { attempt } from "@hapi/platform";

/** Clock ticks per second in `/proc`; the same on every Linux that matters here. */
const ticksPerSecond = 100;

interface ProcessFacts {
  parent: number;
  cpuSeconds: number;
}

function factsOf(pid: number): ProcessFacts | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"), "the process may be gone");
  if (stat === undefined) return undefined;
  // The name in parentheses may hold spaces; behind it everything is one word each.
  const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(words[1]), cpuSeconds: (Number(words[11]) + Number(words[12])) / ticksPerSecond };
}

/** `pid` and everything it started, itself or through others. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const facts = /^\d+$/.test(name) ? factsOf(Number(name)) : undefined;
    if (facts) children.set(facts.parent, [...(children.get(facts.parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const one of tree) tree.push(...(children.get(one) ?? []));
  return tree;
}

export function cpuSecondsOf(pid: number): number {
  return processTree(pid).reduce((sum, one) => sum + (factsOf(one)?.cpuSeconds ?? 0), 0);
}

export function memoryMbOf(pid: number): number {
  const kilobytes = processTree(pid).map((one) => {
    const status = attempt(() => readFileSync(`/proc/${one}/status`, "latin1"), "the process may be gone") ?? "";
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

/** Seconds all cores together were busy, and seconds another virtual machine took, since the machine started. */
export function machineCpu(): { busySeconds: number; stealSeconds: number } {
  const [total = ""] = readFileSync("/proc/stat", "latin1").split("\n");
  const ticks = total.trim().split(/\s+/).slice(1, 9).map(Number);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  const all = ticks.reduce((sum, one) => sum + one, 0);
  return { busySeconds: (all - idle) / ticksPerSecond, stealSeconds: (ticks[7] ?? 0) / ticksPerSecond };
}

export function loadAverage(): number {
  return Number(readFileSync("/proc/loadavg", "latin1").split(" ")[0]);
}

/** CPU seconds of this process, the generator. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
