/**
 * What `session.json` may hold, checked by hand: it is read before the agent's first paint, where a schema library would take longer to load than
 * everything else that is done with the file.
 */
import type { worktreeSchema } from "@hapi/protocol/worktree";
import type * as z from "zod/mini";

/** Which account, configuration, provider and program a session's agent works with (`environment.ts`). Keys of later versions are kept. */
export interface KeptEnvironment {
  /** Null: it was not set, and is not set for the agent. A name that is not here is as whoever starts the agent has it. */
  values: Record<string, string | null>;
  /** Set at the start, to a value that must not be written down. */
  withheld: string[];
  /** Of those, by name. Absent: begun by an older version; another one is not noticed. */
  fingerprints?: Record<string, string> | undefined;
  /** Full path. */
  program?: string | undefined;
  [later: string]: unknown;
}

export interface SessionFile {
  version: 1;
  sessionId: string;
  tag: string;
  flavor: string;
  /** Real path. */
  cwd: string;
  machineId: string;
  hubUrl: string;
  createdAt: number;
  startedBy: "terminal" | "runner";
  /** Which front end the next launch of the host begins with. */
  startingMode: "local" | "remote";
  /** The agent's own flags, verbatim. */
  args: string[];
  /** As the person asked for it; survives restarts and is passed to the agent at each start. */
  permissionMode?: string | undefined;
  model?: string | null | undefined;
  /** How hard its model thinks, in the agent's own word; null: as the agent would by itself. */
  effort?: string | null | undefined;
  /** Variables that choose account, configuration, provider and program. Absent: begun by an older version; as whoever starts it has them. */
  environment?: KeptEnvironment | undefined;
  /** Failed turns are sent again by themselves; absent: as this home's settings say. */
  autoRetry?: boolean | undefined;
  /** The agent's own conversation. */
  threadId?: string | undefined;
  /** The thread is another session's: branch off at the first start, then forget this flag. */
  fork?: boolean | undefined;
  /** Its agent is given the text of an earlier conversation with the first prompt (`earlier.ts`). */
  earlier?: boolean | undefined;
  /** The host began the agent with this, before there was a session process; until that one has taken it up. */
  firstLaunch?: FirstLaunch | undefined;
  /** Words wait for the terminal's input line (`kept-words.ts`). */
  keptWords?: boolean | undefined;
  /** Name given by the person who started it. */
  name?: string | undefined;
  worktree?: z.infer<typeof worktreeSchema> | undefined;
  launchId?: string | undefined;
  /** Its agent runs in a sandbox (`box.ts`). */
  box?: { network: boolean } | undefined;
  /** The hub that has had this session's row last. */
  registeredAt?: string | undefined;
  /** Where that address came from: it is asked there again when the hub is away. */
  hubFrom?: "home" | "settings" | undefined;
  [later: string]: unknown;
}

export interface FirstLaunch {
  launchId: string;
  threadId: string;
  how: "new" | "resume";
  [later: string]: unknown;
}

type Check = (value: unknown) => boolean;
/** Every key that a shape names, so that none can be forgotten here. */
type Shape<T> = { [K in keyof T as string extends K ? never : K]-?: Check };

const string: Check = (value) => typeof value === "string";
const boolean: Check = (value) => typeof value === "boolean";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value);
const either =
  (first: Check, second: Check): Check =>
  (value) =>
    first(value) || second(value);
const nothing: Check = (value) => value === null;
const optional = (check: Check): Check => either((value) => value === undefined, check);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const mapOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);
const shaped =
  <T>(shape: Shape<T>): Check =>
  (value) =>
    isObject(value) && Object.entries<Check>(shape).every(([key, check]) => check(value[key]));

const environment = shaped<KeptEnvironment>({
  values: mapOf(either(string, nothing)),
  withheld: listOf(string),
  fingerprints: optional(mapOf(string)),
  program: optional(string),
});
const firstLaunch = shaped<FirstLaunch>({ launchId: string, threadId: string, how: oneOf("new", "resume") });
const worktree = shaped<z.infer<typeof worktreeSchema>>({
  basePath: string,
  branch: string,
  name: string,
  worktreePath: optional(string),
  createdAt: optional(number),
});

const file = shaped<SessionFile>({
  version: oneOf(1),
  sessionId: string,
  tag: string,
  flavor: string,
  cwd: string,
  machineId: string,
  hubUrl: string,
  createdAt: number,
  startedBy: oneOf("terminal", "runner"),
  startingMode: oneOf("local", "remote"),
  args: listOf(string),
  permissionMode: optional(string),
  model: optional(either(string, nothing)),
  effort: optional(either(string, nothing)),
  environment: optional(environment),
  autoRetry: optional(boolean),
  threadId: optional(string),
  fork: optional(boolean),
  earlier: optional(boolean),
  firstLaunch: optional(firstLaunch),
  keptWords: optional(boolean),
  name: optional(string),
  worktree: optional(worktree),
  launchId: optional(string),
  box: optional(shaped<{ network: boolean }>({ network: boolean })),
  registeredAt: optional(string),
  hubFrom: optional(oneOf("home", "settings")),
});

export const isSessionFile = (value: unknown): value is SessionFile => file(value);
