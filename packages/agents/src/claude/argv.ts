/**
 * Command lines for both fronts. The user's own flags pass through untouched, apart from those that would fight with what HAPI decides: which
 * conversation (once it has an id), the permission mode and model (when the session names one), and the stdio protocol of the remote front.
 */
import { commands, flags as known, namesWith } from "./command-line.ts";

const threadFlags = namesWith("thread");
const modeFlags = namesWith("mode");
/** What the driven front leaves out: it speaks a protocol of its own on stdio and has no terminal. */
const terminalFlags = namesWith("terminal", "passes");

interface Flag {
  name: string;
  /** As it stood on the command line, value included. */
  words: string[];
  value: string | undefined;
}

export interface UserArgs {
  flags: Flag[];
  /** The first prompt and everything after `--`. */
  positionals: string[];
}

export function readArgs(args: readonly string[]): UserArgs {
  const flags: Flag[] = [];
  const positionals: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] as string;
    if (word === "--") {
      positionals.push(...args.slice(index + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      positionals.push(word);
      continue;
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    if (equals > 0) {
      flags.push({ name: word.slice(0, equals), words: [word], value: word.slice(equals + 1) });
      continue;
    }
    const values: string[] = [];
    // Not listed: none, or an optional one with `=`.
    const kind = known.get(word)?.takes ?? "none";
    const takes = kind === "many" ? Number.POSITIVE_INFINITY : kind === "none" ? 0 : 1;
    // A required value is taken whatever it looks like (a system prompt may begin with a dash); others end at the next flag.
    const greedy = kind === "one";
    while (values.length < takes && index + 1 < args.length && (greedy || !(args[index + 1] as string).startsWith("-"))) {
      index += 1;
      values.push(args[index] as string);
    }
    flags.push({ name: word, words: [word, ...values], value: values[0] });
  }
  return { flags, positionals };
}

const wordsOf = (flags: readonly Flag[]): string[] => flags.flatMap((flag) => flag.words);

export function flagValue(args: UserArgs, ...names: string[]): string | undefined {
  return args.flags.findLast((flag) => names.includes(flag.name))?.value;
}

export function hasFlag(args: UserArgs, ...names: string[]): boolean {
  return args.flags.some((flag) => names.includes(flag.name));
}

/**
 * What makes this line something else than a conversation on a terminal: one of Claude's own commands, or a flag such as `--print`. Null: it is
 * one. Claude takes the first word that is no flag for a command, also behind `--` (measured on 2.1.332).
 */
export function ownBusiness(words: readonly string[]): string | null {
  const { flags, positionals } = readArgs(words);
  const command = positionals[0];
  if (command !== undefined && commands.has(command)) return command;
  return flags.flatMap(({ name }) => lettersOf(name)).find((name) => known.get(name)?.role === "passes") ?? null;
}

/** `-cp` is `-c -p`; what follows a letter that takes a value is that value. */
function lettersOf(name: string): string[] {
  if (!/^-[A-Za-z]{2,}$/.test(name)) return [name];
  const letters = [...name.slice(1)].map((letter) => `-${letter}`);
  const valued = letters.findIndex((letter) => (known.get(letter)?.takes ?? "none") !== "none");
  return valued < 0 ? letters : letters.slice(0, valued + 1);
}

/** What the user's own flags say about the conversation. */
export function threadAsked(args: UserArgs): { threadId?: string; newId?: string; newest: boolean; fork: boolean; chosen: boolean } {
  return {
    chosen: hasFlag(args, ...threadFlags),
    threadId: flagValue(args, "--resume", "-r"),
    newId: flagValue(args, "--session-id"),
    newest: hasFlag(args, "--continue", "-c"),
    fork: hasFlag(args, "--fork-session"),
  };
}

/** The command line calls the protocol's `default` mode `manual`; without it the terminal starts in `auto`. */
const commandLineMode = (mode: string): string => (mode === "default" ? "manual" : mode);

export type ThreadChoice =
  | { kind: "new"; threadId: string }
  | { kind: "resume"; threadId: string }
  | { kind: "fork"; from: string; threadId: string }
  /** The user's own flags choose (a picker, a search term): the id is learnt from the first hook. */
  | { kind: "theirs" };

function threadWords(thread: ThreadChoice): string[] {
  switch (thread.kind) {
    case "new":
      return ["--session-id", thread.threadId];
    case "resume":
      return ["--resume", thread.threadId];
    case "fork":
      return ["--resume", thread.from, "--fork-session", "--session-id", thread.threadId];
    case "theirs":
      return [];
  }
}

export interface ArgvOptions {
  args: UserArgs;
  thread: ThreadChoice;
  permissionMode?: string;
  model?: string | null;
  effort?: string | null;
  /** Whether bypass may be chosen in this session's life (never as root outside a sandbox). */
  allowBypass: boolean;
  /** Overlay file of the front. */
  settings?: string;
  /** File of the MCP servers that HAPI gives; the person's own flags name more. */
  mcpConfig?: string;
  /** Words for the terminal's input line. */
  prefill?: string;
  /** Only at the very first start: the prompt on the user's command line is not repeated. */
  withPrompt: boolean;
}

function common(options: ArgvOptions, dropped: ReadonlySet<string>): string[] {
  const { args } = options;
  const own = args.flags.filter((flag) => {
    if (dropped.has(flag.name)) return false;
    if (options.thread.kind !== "theirs" && threadFlags.has(flag.name)) return false;
    if (options.permissionMode !== undefined && modeFlags.has(flag.name)) return false;
    if (options.model != null && flag.name === "--model") return false;
    if (options.effort != null && flag.name === "--effort") return false;
    return !(options.settings !== undefined && flag.name === "--settings");
  });
  const asked = hasFlag(args, ...modeFlags) ? undefined : "default";
  const mode = options.permissionMode ?? asked;
  return [
    ...threadWords(options.thread),
    ...(mode === undefined ? [] : ["--permission-mode", commandLineMode(mode)]),
    ...(options.allowBypass ? ["--allow-dangerously-skip-permissions"] : []),
    ...(options.model == null ? [] : ["--model", options.model]),
    ...(options.mcpConfig === undefined ? [] : ["--mcp-config", options.mcpConfig]),
    ...(options.effort == null ? [] : ["--effort", options.effort]),
    ...(options.settings === undefined ? [] : ["--settings", options.settings]),
    ...(options.prefill === undefined ? [] : [`--prefill=${options.prefill}`]),
    ...wordsOf(own),
  ];
}

export function remoteArgv(command: readonly string[], options: ArgvOptions): string[] {
  const protocol = ["--print", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
  const replies = ["--permission-prompt-tool", "stdio", "--include-partial-messages", "--replay-user-messages"];
  return [...command, ...protocol, ...replies, ...common(options, terminalFlags)];
}

export function localArgv(command: readonly string[], options: ArgvOptions): string[] {
  const { positionals } = options.args;
  const prompt = options.withPrompt && positionals.length > 0 ? ["--", ...positionals] : [];
  return [...command, ...common(options, new Set()), ...prompt];
}
