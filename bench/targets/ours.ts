/**
 * Our hub the way it ships: what `npm pack` puts into the package, unpacked beside the packaged runtime, started by `bin/hapi hub` with the
 * defaults. How its database is set up can't be seen from outside, so the hub says it at its start.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { attempt } from "@hapi/platform";
import type { HubProgram } from "../lib/hub.ts";

const root = resolve(import.meta.dir, "../..");
const shippedDurability = { journalMode: "wal", synchronous: "normal" } as const;

/** `program` is one that is installed already; without it the checkout is packed as it is now. */
export function ourHub(scratch: string, program?: string): HubProgram {
  const path = program ?? pack(scratch);
  if (!existsSync(path)) throw new Error(`--ours names no file: ${path}`);
  return {
    label: "ours",
    version: [run(path, ["--version"], scratch).trim(), program === undefined ? commit() : ""].join(" ").trim(),
    // The runner is a process of its own, and not what is measured.
    command: [path, "hub", "--json", "--no-runner"],
    hasKeyedAcks: true,
    hasListPages: true,
    complaint: durabilityComplaint,
  };
}

function pack(scratch: string): string {
  const runtime = join(root, "node_modules/@oven");
  if (!existsSync(runtime)) throw new Error("the runtime is not installed: run npm ci first");
  run(process.env["npm_node_execpath"] ?? "node", ["tools/setup/build.mjs"], root);
  run("npm", ["pack", "--pack-destination", scratch, "--ignore-scripts", "--loglevel=error"], root);
  const tarball = readdirSync(scratch).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack left no package");
  run("tar", ["-xzf", tarball], scratch);
  const folder = join(scratch, "package");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(runtime, join(folder, "node_modules/@oven"));
  return join(folder, "bin/hapi");
}

/** Which state of the checkout it is, where git knows. */
function commit(): string {
  const why = "a checkout may come without its history";
  const hash = attempt(() => run("git", ["rev-parse", "--short", "HEAD"], root).trim(), why);
  if (hash === undefined) return "";
  const changes = attempt(() => run("git", ["status", "--porcelain"], root).trim(), why) ?? "";
  return `(${hash}${changes === "" ? "" : " and changes"})`;
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 32 << 20 });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}

function durabilityComplaint(home: string): string | null {
  const opened = lastEvent(join(home, "logs/hub.log"), "database.opened");
  if (!opened) return "ours: the hub's log does not say how its database was opened";
  const wrong = Object.entries(shippedDurability).filter(([name, value]) => opened[name] !== value);
  return wrong.length === 0
    ? null
    : `ours: not the shipped durability: ${wrong.map(([name]) => `${name} ${String(opened[name])}`).join(", ")}`;
}

function lastEvent(log: string, event: string): Record<string, unknown> | undefined {
  const text = attempt(() => readFileSync(log, "utf8"), "no log says nothing either") ?? "";
  const lines = text.split("\n").filter((line) => line.includes(`"event":"${event}"`));
  const last = lines.at(-1);
  return last === undefined ? undefined : (JSON.parse(last) as Record<string, unknown>);
}
