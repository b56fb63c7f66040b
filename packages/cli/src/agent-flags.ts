/**
 * Splits the words after `hapi <agent>` into HAPI's own flags and everything else, which goes to the agent verbatim and in order.
 * Only the names below are ours; `--` ends our reading.
 */
import { AppError } from "@hapi/protocol/errors";

export interface AgentFlags {
  isNew: boolean;
  startingMode: "local" | "remote" | null;
  permissionMode: string | null;
  isYolo: boolean;
  model: string | null;
  /** How hard its model thinks, in the agent's own word. */
  effort: string | null;
  startedBy: "terminal" | "runner";
  existingSessionId: string | null;
  /** From now on with this terminal's account, provider and program, instead of those the session was begun with. */
  isThisEnvironment: boolean;
  /** Its agent is to run in a sandbox. */
  box: { network: boolean } | null;
  isHelp: boolean;
  /** A session was asked for by a flag that only HAPI has, also where there is no terminal. */
  isBackground: boolean;
  /** Flags that only HAPI has, as they were given. */
  own: string[];
  /** For the agent. */
  rest: string[];
}

type Setter = (flags: AgentFlags, value: string) => void;

const oneOf = (flag: string, value: string, allowed: readonly string[]): string => {
  if (allowed.includes(value)) return value;
  throw new AppError("invalid_query", `${flag} must be ${allowed.join(" or ")}, not "${value}".`);
};

const valued: Record<string, Setter> = {
  "--hapi-starting-mode": (flags, value) => {
    flags.startingMode = oneOf("--hapi-starting-mode", value, ["local", "remote"]) as "local" | "remote";
  },
  "--permission-mode": (flags, value) => {
    flags.permissionMode = value;
  },
  "--sandbox-network": (flags, value) => {
    flags.box = { network: oneOf("--sandbox-network", value, ["on", "off"]) === "on" };
  },
  "--model": (flags, value) => {
    flags.model = value;
  },
  "--effort": (flags, value) => {
    flags.effort = value;
  },
  "--model-reasoning-effort": (flags, value) => {
    flags.effort = value;
  },
  "--started-by": (flags, value) => {
    flags.startedBy = oneOf("--started-by", value, ["terminal", "runner"]) as "terminal" | "runner";
  },
  "--existing-session-id": (flags, value) => {
    flags.existingSessionId = value;
  },
};

const switches: Record<string, (flags: AgentFlags) => void> = {
  "--new": (flags) => {
    flags.isNew = true;
  },
  "--yolo": (flags) => {
    flags.isYolo = true;
  },
  "--this-environment": (flags) => {
    flags.isThisEnvironment = true;
  },
  "--sandbox": (flags) => {
    flags.box ??= { network: true };
  },
  "--help": (flags) => {
    flags.isHelp = true;
  },
  "-h": (flags) => {
    flags.isHelp = true;
  },
};

export function parseAgentFlags(words: readonly string[]): AgentFlags {
  const flags: AgentFlags = {
    isNew: false,
    startingMode: null,
    permissionMode: null,
    isYolo: false,
    model: null,
    effort: null,
    startedBy: "terminal",
    existingSessionId: null,
    isThisEnvironment: false,
    box: null,
    isHelp: false,
    isBackground: false,
    own: [],
    rest: [],
  };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") {
      flags.rest.push(...words.slice(index));
      break;
    }
    const [name = "", inline] = splitInline(word);
    const set = own(valued, name);
    const turnOn = switchOf(name, inline);
    if (ownNames.has(name)) flags.own.push(name);
    if (set) {
      const value = inline ?? words[index + 1];
      if (value === undefined) throw new AppError("invalid_query", `${name} needs a value.`);
      set(flags, value);
      if (inline === undefined) index += 1;
    } else if (turnOn) turnOn(flags);
    else flags.rest.push(word);
  }
  flags.isBackground = flags.startingMode === "remote" || flags.existingSessionId !== null || flags.startedBy === "runner";
  return flags;
}

/** A switch that only HAPI has is not passed over because of a value: whoever wrote it would get an agent without. */
function switchOf(name: string, inline: string | undefined): ((flags: AgentFlags) => void) | undefined {
  if (inline === undefined) return own(switches, name);
  if (ownNames.has(name) && own(switches, name)) throw new AppError("invalid_query", `${name} takes no value.`);
  return undefined;
}

/**
 * The same words for the agent's own program: without what only HAPI understands. Behind one of the agent's own commands nothing is ours.
 * `yolo`: how the agent says it.
 */
export function withoutOwnFlags(words: readonly string[], yolo: readonly string[]): string[] {
  const dashes = words.indexOf("--");
  const read = dashes < 0 ? words : words.slice(0, dashes);
  const kept: string[] = [];
  for (let index = 0; index < read.length; index += 1) {
    const word = read[index] ?? "";
    const [name = ""] = splitInline(word);
    if (!ownNames.has(name)) kept.push(word);
    else if (word === "--yolo") kept.push(...yolo);
    else if (own(valued, word)) index += 1;
  }
  return dashes < 0 ? kept : [...kept, ...words.slice(dashes)];
}

/** No agent has these. */
const ownNames: ReadonlySet<string> = new Set([
  "--new",
  "--yolo",
  "--hapi-starting-mode",
  "--started-by",
  "--existing-session-id",
  "--this-environment",
  "--sandbox",
  "--sandbox-network",
]);

/** A word like `toString` is the agent's, too. */
function own<T>(table: Record<string, T>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

function splitInline(word: string): [string, string | undefined] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
