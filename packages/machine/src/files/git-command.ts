/**
 * git in a folder that may have been prepared by somebody else: an agent, or whoever made the archive it came from. Reading its status must run
 * nothing that the repository names. Hooks, fsmonitor, diff programs and text conversions are switched off; filters of the repository's own
 * configuration are emptied (the person's own, such as Git LFS in `~/.gitconfig`, stay); submodules are not entered, since they have filters
 * of their own; nothing is fetched. Price: a file that only such a filter would clean shows as changed.
 */
import type { CommandResult, RunCommand } from "./command.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type RunGit = (args: readonly string[], limits: { timeoutMs: number; maxBytes: number }) => Promise<CommandResult>;

const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ["core.fsmonitor", "false"],
  ["core.hooksPath", "/dev/null"],
  ["core.quotepath", "false"],
  ["diff.ignoreSubmodules", "dirty"],
  ["status.submoduleSummary", "false"],
];
/** What a program of ours needs of the person's environment; credentials are never among it. */
const INHERITED = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "XDG_CONFIG_HOME"];
const CONFIG_LIMITS = { timeoutMs: 10_000, maxBytes: 1024 * 1024 };

export function createGit(root: string, run: RunCommand, inherited: Environment = process.env): RunGit {
  const base = {
    ...Object.fromEntries(INHERITED.flatMap((name) => (inherited[name] === undefined ? [] : [[name, inherited[name]]]))),
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    // A partial clone would fetch what it lacks, by a program that its configuration names (`ext::`, `uploadpack`).
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "none",
  };
  const git = (args: readonly string[], settings: typeof SETTINGS, limits: typeof CONFIG_LIMITS): Promise<CommandResult> =>
    run(["git", ...args], { cwd: root, env: { ...base, ...configuration(settings) }, ...limits });

  return async (args, limits) => {
    const named = await git(["config", "--list", "--show-scope", "--name-only", "-z"], SETTINGS, CONFIG_LIMITS);
    // Not a repository at all is said by the command itself. What can't be read whole may hide a filter.
    const problem = problemOf(named);
    if (problem !== null) return { ...named, stdout: "", stderr: problem, exitCode: named.exitCode || 1 };
    const filters = filtersOfRepository(named.stdout);
    return git(args, [...SETTINGS, ...filters.flatMap(switchedOff)], limits);
  };
}

/** Why nothing may be run here: a git that does not know what keeps it from running what the repository names would run it without a word. */
function problemOf({ stdout, stderr, exitCode, truncated }: CommandResult): string | null {
  if (truncated) return "The configuration of this repository is too large";
  const [name] = SETTINGS[0]!;
  const isHeeded = stdout.toLowerCase().includes(`command\0${name.toLowerCase()}\0`);
  if (exitCode === 0 && isHeeded) return null;
  return exitCode === 0 || /unknown option/.test(stderr) ? "git 2.31 or later is needed to look at a folder safely" : stderr.trim();
}

/** `listed`: scope and name in turns, each ended by NUL (git 2.26 and later). */
function filtersOfRepository(listed: string): string[] {
  const words = listed.split("\0");
  const found = new Set<string>();
  for (let at = 0; at + 1 < words.length; at += 2) {
    if (words[at] === "global" || words[at] === "system") continue;
    const name = /^filter\.(.*)\.[^.]+$/s.exec(words[at + 1]!)?.[1];
    if (name !== undefined) found.add(name);
  }
  return [...found];
}

const switchedOff = (filter: string): [string, string][] => [
  [`filter.${filter}.clean`, ""],
  [`filter.${filter}.smudge`, ""],
  [`filter.${filter}.process`, ""],
  [`filter.${filter}.required`, "false"],
];

/** Settings as git reads them from the environment (2.31 and later): any name is safe there, also one with `=`. */
function configuration(settings: typeof SETTINGS): Record<string, string> {
  const numbered = settings.flatMap(([name, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, name],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(numbered) };
}
