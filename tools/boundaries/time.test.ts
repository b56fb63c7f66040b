/**
 * Time belongs to a clock that somebody was given, or a test can't hold it: outside platform, the web app's shell and testkit nobody calls the
 * system's timers. A limit on work is `within`, a pause is `delay` with a clock, again and again is `every` (`platform/clock.ts`).
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");

type Exceptions = readonly (readonly [file: string, because: string])[];

/** These lists may only become shorter: one that is not needed any more fails, and so does one more. */
const ownTimers: Exceptions = [
  ["packages/client/src/clock.ts", "the system's clock where platform can't be: in a browser"],
  ["packages/machine/src/session/door-call.ts", "starts in milliseconds: it imports nothing but node's own modules"],
];
const ownTimersAtMost = 2;

/** Where the system's clock comes in, beside the default of an option. The command line is made of entry points. */
const entryPoints: Exceptions = [
  ["packages/agents/src/claude/detect.ts", "the age of a file on this computer"],
  ["packages/agents/src/demo/tui.ts", "a program of its own"],
  ["packages/host/src/host-main.ts", "a program of its own"],
  ["packages/machine/src/runner/run-runner.ts", "puts the runner together"],
  ["packages/machine/src/session/ports.ts", "puts the session process together"],
];
const entryPointsAtMost = 5;

const timer = /(?<![.\w])(?:setTimeout|setInterval)\(|\bDate\.now\b|\bnew Date\(\)|\bAbortSignal\.timeout\(|\bnode:timers\b/;
const clockless = /(?<![.\w])delay\((?!ms: number)[^;]*(?:;|$)/gm;
/** Neither an import nor the default of an option. */
const entry = /(?<!(?:=|\?\?) )\bsystemClock\b/;

function linesOf(rooms: readonly string[]): { file: string; text: string; lines: string[] }[] {
  return rooms.flatMap((room) => {
    const src = join(root, "packages", room, "src");
    const names = readdirSync(src, { recursive: true }).map(String);
    return names
      .filter((name) => /\.tsx?$/.test(name) && !/\.(test|case|agent)\.tsx?$/.test(name) && !name.startsWith("contract/"))
      .map((name) => {
        const path = join(src, name);
        const text = readFileSync(path, "utf8").replace(/^import[^;]*;$/gm, (words) => (words.includes("node:timers") ? words : ""));
        return { file: relative(root, path), text, lines: text.split("\n").filter((line) => !/^\s*(?:\/?\*|\/\/)/.test(line)) };
      });
  });
}

const rooms = ["protocol", "core", "host", "agents", "client", "machine", "hub", "cli"];

function judge(found: readonly string[], exceptions: Exceptions): { more: string[]; needless: string[] } {
  const listed = exceptions.map(([file]) => file);
  return { more: found.filter((file) => !listed.includes(file)), needless: listed.filter((file) => !found.includes(file)) };
}

test("nobody but a clock calls the system's timers", () => {
  const found = linesOf(rooms).filter(({ lines }) => lines.some((line) => timer.test(line)));
  const files = found.map(({ file }) => file);
  expect(judge(files, ownTimers)).toEqual({ more: [], needless: [] });
  expect(ownTimers.length).toBeLessThanOrEqual(ownTimersAtMost);
});

test("the system's clock comes in where a program begins", () => {
  // A client in a browser has it as the default of its options alone.
  const found = linesOf(rooms.filter((room) => room !== "cli")).filter(
    ({ file, lines }) =>
      !file.startsWith("packages/client/src/clock.ts") && lines.some((line) => entry.test(line) && !line.startsWith("export {")),
  );
  const files = found.map(({ file }) => file);
  expect(judge(files, entryPoints)).toEqual({ more: [], needless: [] });
  expect(entryPoints.length).toBeLessThanOrEqual(entryPointsAtMost);
});

test("a pause goes by a clock that was given", () => {
  const found = linesOf(rooms).flatMap(({ file, text }) =>
    [...text.matchAll(clockless)].filter(([call]) => !/\bclock\b/i.test(call)).map(([call]) => `${file}: ${call}`),
  );
  expect(found).toEqual([]);
});

test("it sees the ways in which time was taken before", () => {
  const before = [
    "const timer = setTimeout(() => late.resolve(false), ms);",
    "  const timer = setInterval(tick, POLL_MS);",
    "const deadline = Date.now() + withinMs;",
    "readBootId(now: () => number = Date.now): string {",
    "signal: AbortSignal.timeout(5_000),",
    'import { setTimeout as sleep } from "node:timers/promises";',
  ];
  for (const line of before) expect(line).toMatch(timer);
  expect("socket.setTimeout(IDLE_MS, () => socket.destroy());").not.toMatch(timer);
  expect("clock: systemClock,").toMatch(entry);
  expect("const { clock = systemClock } = options;").not.toMatch(entry);
  expect("await delay(LOOK_MS);".match(clockless)).toHaveLength(1);
});
