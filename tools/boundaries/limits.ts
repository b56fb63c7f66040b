/**
 * How large things may be: a file 300 lines, a function 50 (a component 150), 12 ways through it, three levels of blocks, three parameters. What was
 * larger when the limits came is listed in `limits.json`, file by file; the list may only shrink.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
export const limitsFile = join(import.meta.dir, "limits.json");

/** Of each file what is over a limit, by rule, largest first. */
export type Over = Record<string, Record<string, number[]>>;

interface Finding {
  message: string;
  code: string;
  filename: string;
}

/** What is only tried out, or looked at by its makers. */
const notMeant = /\.(?:test|case|arbitrary)\.tsx?$|\/(?:test|test-real|gallery|dev|recorded|dist)\/|^packages\/testkit\//;

export function overLimits(): Over {
  const found = readFindings();
  const over: Over = {};
  for (const { message, code, filename } of found) {
    if (notMeant.test(filename)) continue;
    const rule = /\((.*)\)/.exec(code)?.[1] ?? code;
    // "has too many lines (97)", "a complexity of 13", "nested too deeply (4)", "too many parameters (5)": the first number is the measure.
    const value = Number(/\d+/.exec(message.replace(/`[^`]*`/g, ""))?.[0]);
    const ofFile = (over[filename] ??= {});
    ofFile[rule] = [...(ofFile[rule] ?? []), value].sort((a, b) => b - a);
  }
  return Object.fromEntries(Object.entries(over).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readFindings(): Finding[] {
  const argv = ["-c", join(import.meta.dir, "limits.oxlintrc.json"), "-f", "json", "packages"];
  const output = run(join(root, "node_modules/.bin/oxlint"), argv);
  return (JSON.parse(output) as { diagnostics: Finding[] }).diagnostics;
}

/** Finding something is no failure here. */
function run(program: string, argv: readonly string[]): string {
  try {
    return execFileSync(program, argv, { cwd: root, maxBuffer: 64 << 20, stdio: ["ignore", "pipe", "inherit"] }).toString();
  } catch (cause) {
    const { stdout } = cause as { stdout?: Buffer };
    if (!stdout?.length) throw cause;
    return stdout.toString();
  }
}

export const recordedLimits = (): Over => JSON.parse(readFileSync(limitsFile, "utf8")) as Over;

/** What grew: more of a rule in a file, or a larger one. A file that was renamed takes its entry along by hand. */
export function grown(now: Over, recorded: Over): string[] {
  return Object.entries(now).flatMap(([file, rules]) =>
    Object.entries(rules).flatMap(([rule, values]) => {
      const before = recorded[file]?.[rule] ?? [];
      const larger = values.flatMap((value, at) => (value > (before[at] ?? 0) ? [value] : []));
      return larger.length === 0 ? [] : [`${file}: ${rule} ${larger.join(", ")}`];
    }),
  );
}

/** A line for each file, so that two who make files smaller at once do not meet. */
const asText = (over: Over): string =>
  `{\n${Object.entries(over)
    .map(([file, rules]) => `  ${JSON.stringify(file)}: ${JSON.stringify(rules)}`)
    .join(",\n")}\n}\n`;

/** @throws when something grew */
export function writeLimits(): void {
  const now = overLimits();
  const larger = grown(now, recordedLimits());
  if (larger.length > 0) throw new Error(`These grew beyond the limits; make them smaller:\n${larger.join("\n")}`);
  writeFileSync(limitsFile, asText(now));
}
