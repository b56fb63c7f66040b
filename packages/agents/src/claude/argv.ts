/**
 * Command lines for both fronts. The user's own flags pass through untouched, apart from those that would fight with what HAPI decides: which
 * conversation (once it has an id), the permission mode and model (when the session names one), and the stdio protocol of the remote front.
 */

/** Flags that take one value, and those that take values until the next flag. Flags not listed take none (or an optional one with `=`). */
const oneValue = new Set([
  "--agent",
  "--agents",
  "--append-system-prompt",
  "--append-system-prompt-file",
  "--autocompact",
  "--debug-file",
  "--effort",
  "--environment",
  "--fallback-model",
  "--input-format",
  "--json-schema",
  "--max-budget-usd",
  "--max-turns",
  "--model",
  "--name",
  "-n",
  "--output-format",
  "--permission-mode",
  "--permission-prompt-tool",
  "--permission-prompts",
  "--plugin-dir",
  "--plugin-url",
  "--remote-control-session-name-prefix",
  "--resume-session-at",
  "--session-id",
  "--setting-sources",
  "--settings",
  "--system-prompt",
  "--system-prompt-file",
  "--system-prompt-snapshot",
]);
const optionalValue = new Set([
  "--resume",
  "-r",
  "--debug",
  "-d",
  "--from-pr",
  "--cloud",
  "--teleport",
  "--worktree",
  "-w",
  "--remote-control",
  "--prompt-suggestions",
]);
const manyValues = new Set([
  "--add-dir",
  "--allowedTools",
  "--allowed-tools",
  "--betas",
  "--disallowedTools",
  "--disallowed-tools",
  "--file",
  "--mcp-config",
  "--tools",
]);

/** Chooses the conversation; meaningless once the session has one. */
const threadFlags = new Set(["--resume", "-r", "--continue", "-c", "--session-id", "--fork-session", "--from-pr", "--resume-session-at"]);
const modeFlags = new Set(["--permission-mode", "--dangerously-skip-permissions"]);
/** The remote front speaks a protocol of its own on stdio and has no terminal. */
const terminalFlags = new Set([
  "-p",
  "--print",
  "--output-format",
  "--input-format",
  "--verbose",
  "--ide",
  "--chrome",
  "--tmux",
  "--bg",
  "--background",
  "--desktop",
  "--permission-prompt-tool",
  "--permission-prompts",
  "--include-partial-messages",
  "--replay-user-messages",
]);

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
    const takes = manyValues.has(word) ? Number.POSITIVE_INFINITY : oneValue.has(word) || optionalValue.has(word) ? 1 : 0;
    // A required value is taken whatever it looks like (a system prompt may begin with a dash); others end at the next flag.
    const greedy = oneValue.has(word);
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

/** What the user's own flags say about the conversation. */
export function threadAsked(args: UserArgs): { threadId?: string; newId?: string; newest: boolean; fork: boolean } {
  return {
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
  /** Whether bypass may be chosen in this session's life (never as root outside a sandbox). */
  allowBypass: boolean;
  /** Overlay file of the terminal front. */
  settings?: string;
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
    return !(options.settings !== undefined && flag.name === "--settings");
  });
  const asked = hasFlag(args, ...modeFlags) ? undefined : "default";
  const mode = options.permissionMode ?? asked;
  return [
    ...threadWords(options.thread),
    ...(mode === undefined ? [] : ["--permission-mode", commandLineMode(mode)]),
    ...(options.allowBypass ? ["--allow-dangerously-skip-permissions"] : []),
    ...(options.model == null ? [] : ["--model", options.model]),
    ...(options.settings === undefined ? [] : ["--settings", options.settings]),
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
