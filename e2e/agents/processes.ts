/** What the system itself says about running processes. Linux only, like the suite: the tests must not believe what HAPI says about itself. */
import { readdirSync, readFileSync } from "node:fs";
import { attempt, processStartTime, type ProcessId } from "@hapi/platform/lean";

export interface RunningProcess extends ProcessId {
  parent: number;
  argv: string[];
  /** null: not ours to read. */
  environment: string[] | null;
}

const words = (path: string): string[] | undefined =>
  attempt(
    () =>
      readFileSync(path, "utf8")
        .split("\0")
        .filter((word) => word !== ""),
    "it ended, or it is not ours",
  );

/** Zombies are left out: they have no command line any more. */
export function allProcesses(): RunningProcess[] {
  return readdirSync("/proc").flatMap((name) => {
    const argv = /^\d+$/.test(name) ? words(`/proc/${name}/cmdline`) : undefined;
    const stat = argv && argv.length > 0 ? attempt(() => readFileSync(`/proc/${name}/stat`, "utf8"), "it ended") : undefined;
    if (!argv || stat === undefined) return [];
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    return [
      { pid: Number(name), startTime: processStartTime(Number(name)), parent, argv, environment: words(`/proc/${name}/environ`) ?? null },
    ];
  });
}
