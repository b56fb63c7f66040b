/**
 * Claude's own command line as data: each subcommand and flag, what a flag takes, and what it means for HAPI. From `--help` of 2.1.329 and
 * 2.1.332 (a real-agent test fails on one nobody decided about) and, marked hidden, from the program itself.
 */

/** `optional`: a value that does not begin with a dash. `many`: values until the next flag. */
type Takes = "none" | "one" | "optional" | "many";

/**
 * - `kept`: goes along with the conversation, in the terminal and driven.
 * - `terminal`: only in the terminal; the driven front speaks a protocol of its own on stdio and has no screen.
 * - `thread`: chooses the conversation; meaningless once the session has one.
 * - `mode`: the permission mode.
 * - `passes`: with it the line is no conversation on a terminal (or Claude refuses it there): it goes straight to the program.
 */
export type FlagRole = "kept" | "terminal" | "thread" | "mode" | "passes";

export interface FlagFacts {
  takes: Takes;
  role: FlagRole;
  /** `--help` does not show it. */
  hidden?: true;
}

type Row = readonly [names: string, takes: Takes, role: FlagRole, hidden?: "hidden"];

const rows: readonly Row[] = [
  ["--add-dir", "many", "kept"],
  ["--agent", "one", "kept"],
  ["--agents", "one", "kept"],
  ["--allow-dangerously-skip-permissions", "none", "kept"],
  ["--allowedTools --allowed-tools", "many", "kept"],
  ["--append-system-prompt", "one", "kept"],
  ["--append-system-prompt-file", "one", "kept", "hidden"],
  ["--autocompact", "one", "kept"],
  ["--ax-screen-reader", "none", "kept"],
  ["--bare", "none", "kept"],
  ["--betas", "many", "kept"],
  ["--bg --background", "none", "passes"],
  ["--brief", "none", "kept"],
  ["--chrome", "none", "terminal"],
  ["--cloud", "optional", "passes"],
  ["--continue -c", "none", "thread"],
  ["--dangerously-skip-permissions", "none", "mode"],
  ["--debug -d", "optional", "kept"],
  ["--debug-file", "one", "kept"],
  ["--desktop", "none", "passes"],
  ["--disable-slash-commands", "none", "kept"],
  ["--disallowedTools --disallowed-tools", "many", "kept"],
  ["--effort", "one", "kept"],
  ["--environment", "one", "passes"],
  ["--exclude-dynamic-system-prompt-sections", "none", "kept"],
  ["--fallback-model", "one", "kept"],
  ["--file", "many", "kept"],
  ["--fork-session", "none", "thread"],
  ["--forward-subagent-text", "none", "passes"],
  ["--from-pr", "optional", "thread"],
  ["--help -h", "none", "passes"],
  ["--ide", "none", "terminal"],
  ["--include-hook-events", "none", "terminal"],
  ["--include-partial-messages", "none", "terminal"],
  ["--init-only", "none", "passes", "hidden"],
  ["--input-format", "one", "passes"],
  ["--json-schema", "one", "kept"],
  ["--max-budget-usd", "one", "kept"],
  ["--max-turns", "one", "kept", "hidden"],
  ["--mcp-config", "many", "kept"],
  ["--model", "one", "kept"],
  ["--name -n", "one", "kept"],
  ["--no-chrome", "none", "kept"],
  ["--no-session-persistence", "none", "passes"],
  ["--output-format", "one", "terminal"],
  ["--permission-mode", "one", "mode"],
  ["--permission-prompt-tool", "one", "terminal", "hidden"],
  ["--permission-prompts", "one", "terminal"],
  ["--plugin-dir", "one", "kept"],
  ["--plugin-url", "one", "kept"],
  ["--print -p", "none", "passes"],
  ["--prompt-suggestions", "optional", "kept"],
  ["--remote", "optional", "passes", "hidden"],
  ["--remote-control", "optional", "kept"],
  ["--rc", "optional", "kept", "hidden"],
  ["--remote-control-session-name-prefix", "one", "kept"],
  ["--replay-user-messages", "none", "passes"],
  ["--restricted", "none", "kept"],
  ["--resume -r", "optional", "thread"],
  ["--resume-session-at", "one", "thread", "hidden"],
  ["--rewind-files", "one", "passes", "hidden"],
  ["--safe-mode", "none", "kept"],
  ["--sdk-url", "one", "passes", "hidden"],
  ["--session-id", "one", "thread"],
  ["--setting-sources", "one", "kept"],
  ["--settings", "one", "kept"],
  ["--strict-mcp-config", "none", "kept"],
  ["--system-prompt", "one", "kept"],
  ["--system-prompt-file", "one", "kept", "hidden"],
  ["--system-prompt-snapshot", "one", "kept"],
  ["--task-budget", "one", "kept", "hidden"],
  ["--teleport", "optional", "passes"],
  ["--tmux", "none", "passes"],
  ["--tools", "many", "kept"],
  ["--verbose", "none", "terminal"],
  ["--version -v", "none", "passes"],
  ["--worktree -w", "optional", "kept"],
];

/** By every name it has. */
export const flags: ReadonlyMap<string, FlagFacts> = new Map(
  rows.flatMap(([names, takes, role, hidden]) =>
    names.split(" ").map((name) => [name, { takes, role, ...(hidden ? { hidden: true as const } : {}) }] as const),
  ),
);

const shown =
  "agents attach auth auto-mode doctor gateway import install logs mcp plugin plugins purge respawn rm setup-token stop kill ultrareview update upgrade";
/** Found in the program of 2.1.332; each answers `--help` with its own usage, or none. */
const hidden =
  "bridge daemon design-login edit-hook import-conversations project rc remote remote-control sandbox self-hosted-runner sync workspace-trust worktree-hook";

/** The first word that is no flag names one of these, or is the prompt. Each is Claude's own business: none is a conversation of HAPI. */
export const commands: ReadonlySet<string> = new Set(`${shown} ${hidden}`.split(" "));

export const namesWith = (...roles: readonly FlagRole[]): ReadonlySet<string> =>
  new Set([...flags].filter(([, facts]) => roles.includes(facts.role)).map(([name]) => name));
