/**
 * The port every agent's driver implements. One `AgentDriver` per flavor (registry), one `Conversation` per session. A driver translates its
 * agent's own protocol into canonical events and does nothing else: no hub, no queue, no policy. The contract suite runs on every driver.
 */
import type { Front } from "@hapi/core";
import type { HostControl, TypedLine } from "@hapi/host";
import type { Clock } from "@hapi/platform/lean";
import type { DriverEvent } from "./driver-events.ts";
import type { EnvironmentVariable } from "./environment.ts";
import type { AgentCapabilities, Answers, Attachment, ModelChoice, NoticeWords, ToolKind } from "@hapi/protocol";

export type { Front };
export type { DriverEvent, Loss, LossKind, RequestOutcome } from "./driver-events.ts";

export interface Detection {
  available: boolean;
  /** argv prefix that starts the agent. */
  command: readonly string[];
  /** Full path of the agent's own program, where it is one that is looked for. */
  program?: string;
  version?: string;
  reason?: "not_found" | "invalid_configuration" | "unsupported_version";
  /** One sentence with the next step, for people. */
  hint?: string;
}

export interface AgentDriver {
  readonly flavor: string;
  readonly displayName: string;
  readonly capabilities: AgentCapabilities;
  /** Which versions of it the suites have driven; absent: none. */
  readonly verified?: Verified;
  /** What of the environment belongs to a session. */
  readonly environment: readonly EnvironmentVariable[];
  /**
   * Looks for the program; `env` is the environment the agent would get, `program` the one this session was started with, which is taken where it
   * is still there. `written`: folders that an agent in a sandbox writes; a program that lies there is not run to be asked its version, nor found.
   * Never starts a conversation.
   */
  detect(env: Readonly<Record<string, string>>, program?: string, written?: readonly string[]): Promise<Detection>;
  /** Its version from its own mouth, where `detect` does not ask for it; costs a process. Null: it does not tell. */
  askVersion?(env: Readonly<Record<string, string>>): Promise<string | null>;
  /** Is the agent's own conversation on this machine? A look at the disk; absent where only the agent knows. */
  hasThread?(where: { env: Readonly<Record<string, string>>; cwd: string }, threadId: string): boolean;
  /**
   * What its program must be able to write besides the session's folder: its settings, its login, its conversations, and what this driver shares with
   * it. A folder that is not there yet is made. Absent: it can't be run in a sandbox.
   */
  ownPaths?(where: { env: Readonly<Record<string, string>>; sessionDir: string }): { folders: readonly string[]; files: readonly string[] };
  /** For `hapi <agent> …`; absent where the agent has no command line of its own, and every line means a conversation. */
  readonly commandLine?: AgentCommandLine;
  open(context: DriverContext): Conversation;
}

export interface Verified {
  readonly versions: readonly string[];
  /**
   * `real`: the program itself, against a scripted model. `stand-in`: what its vendor's documents say, played by a program of HAPI's. `own`: it is a
   * part of HAPI.
   */
  readonly how: "real" | "stand-in" | "own";
}

/** The agent's own command line, as a person types it: what is a conversation on a terminal, and which. Pure, or a look at the disk. */
export interface AgentCommandLine {
  /** The program, found without running it. An empty `command` comes with a hint. */
  locate(env: Readonly<Record<string, string>>): Pick<Detection, "command" | "hint">;
  /** The word that makes this line something else than a conversation on a terminal; null: it is one. */
  ownBusiness(words: readonly string[]): string | null;
  /** Does it name one of the agent's own commands, behind which every word is the agent's? */
  isCommand(word: string): boolean;
  /** Which of the agent's earlier conversations the line asks for; null: none, it means the folder's session. */
  threadAsked(words: readonly string[], where: { env: Readonly<Record<string, string>>; cwd: string }): ThreadAsked | null;
  /** How the line says "approve everything". */
  readonly yolo: readonly string[];
}

export interface ThreadAsked {
  /** Null: it is chosen in the agent's own picker, or is new. */
  threadId: string | null;
  fork: boolean;
}

/**
 * Small durable state of one conversation, part of the session's ledger. Values are JSON. `commit` is atomic and fsynced, and is ordered
 * before everything emitted after it.
 */
export interface DriverMemory {
  get<T>(key: string): T | undefined;
  commit(values: Record<string, unknown>): Promise<void>;
}

export interface DriverContext {
  readonly sessionId: string;
  readonly cwd: string;
  /** The agent's environment: no hub credential, no CLAUDECODE. */
  readonly env: Readonly<Record<string, string>>;
  /** The program this session was started with first. */
  readonly program?: string | undefined;
  /** As `AgentDriver.detect` takes it. */
  readonly written?: readonly string[];
  readonly host: HostControl;
  readonly memory: DriverMemory;
  /** The agent's driver waits and looks again by this one only. */
  readonly clock: Clock;
  /** Private folder of this session (0700) for overlay settings, attachments and the like. */
  readonly sessionDir: string;
  /** Shell words of the command that bridges a hook's stdin/stdout to `Conversation.onHook`: `hapi hook <socket>`; the token travels in the environment variables `hookEnv`. */
  readonly hookCommand: readonly string[];
  readonly hookEnv: Readonly<Record<string, string>>;
  /** HAPI's own tools, for the agent; absent: it is started without. */
  readonly tools?: OwnTools;
  readonly log: DriverLog;
  emit(event: DriverEvent): void;
  /**
   * Back-pressure. A driver awaits this between batches of `record` events: it resolves at once while the session's outbox has room, and
   * waits while the hub is away for long. What is not read yet stays in the agent's record (or the host's ring), with its offset behind.
   */
  room?(): Promise<void>;
}

/**
 * An MCP server on stdio that the agent starts itself. It is in no settings of the person's: the driver gives it to this session's process alone, and an
 * agent that can't start it goes on without.
 */
export interface OwnTools {
  /** Of the server. */
  readonly name: string;
  readonly command: readonly string[];
  /** Of the server alone. */
  readonly env: Readonly<Record<string, string>>;
  /** Tools that read, or are about the session itself: used without asking, where the agent can be told so. */
  readonly unasked: readonly string[];
}

export interface DriverLog {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
}

export interface AgentRequest {
  id: string;
  kind: "permission" | "question" | "plan";
  tool: string;
  input: unknown;
  toolCallId?: string;
  /** The agent's own sentence. */
  title?: string;
  /** What "for this session" would allow, in words; absent when the agent offers no such answer. */
  sessionScope?: string;
  /** Of what it was made, where the words are HAPI's. */
  sessionScopeWords?: Pick<NoticeWords, "code" | "params">[];
  /**
   * Set by drivers whose agent does not know HAPI's permission mode (ACP agents that ask for everything): then the session's policy decides
   * by mode and this kind before a person is asked. Absent (agents that apply the mode themselves): a person is always asked.
   */
  policyKind?: ToolKind;
}

export type RequestAnswer =
  | {
      behavior: "allow";
      forSession?: boolean;
      answers?: Answers;
      updatedInput?: unknown;
      /** permission mode from now on (plan approval) */ mode?: string;
      allowTools?: string[];
    }
  | { behavior: "deny"; reason?: string; /** also ends the turn */ interrupt?: boolean };

export interface StartOptions {
  front: Front;
  /** The agent's own conversation to continue. Absent: a new one. */
  threadId?: string;
  /** Branch off instead of continuing in place. */
  fork?: boolean;
  permissionMode?: string;
  model?: string | null;
  /** How hard its model thinks, in the agent's own word; null, or absent: as it would by itself. */
  effort?: string | null;
  /** The agent's own flags, verbatim. */
  args: readonly string[];
  cols?: number;
  rows?: number;
  /** Words that shall stand in the input line of the agent's own screen, not sent. Drivers that can't do it leave them to be told. */
  prefill?: string;
}

/** What a start did with the thread. */
export interface Started {
  how: "new" | "resume" | "fork";
  /** `prefill` stands in the input line. */
  prefilled?: boolean;
}

export interface DriverPrompt {
  localId: string;
  text: string;
  attachments: readonly Attachment[];
  /**
   * Path of the text of an earlier conversation. It goes to the agent in front of the words, in a block of its own (`shared/earlier.ts`), and is
   * never told as the person's. Not part of a `retry`, for which the agent has it.
   */
  earlier?: string;
}

/**
 * `control: "shared"`: the agent is a server under the host and its own screen is a second process on it, live on the same thread at the same time. The
 * front of such a conversation is `remote` as long as the server runs; this comes and goes beside it, and neither stops the other.
 */
export interface OwnTerminal {
  readonly isOpen: boolean;
  /** Spawns it on a PTY of the host; nothing where it is open. The agent runs before. */
  open(options: { cols?: number; rows?: number; prefill?: string }): Promise<{ prefilled?: boolean }>;
  /** Waits until it is gone. */
  close(options: { graceMs: number }): Promise<void>;
}

export interface BegunByHost {
  launchId: string;
  threadId: string;
  /** `new`: all that stands in its record by now is of this launch. */
  how: "new" | "resume";
}

export interface Conversation {
  /**
   * Start the agent. Refuses to run beside a living process on the same thread, and to begin anew where a thread that had a past can't be found.
   * Resolves when it takes prompts (remote) or is on screen (local).
   */
  start(options: StartOptions): Promise<Started>;
  /**
   * After a restart of the session process: take over what the host still runs, from the remembered offsets. Null: nothing runs. `begun`: the
   * host started this launch of the terminal front before there was a session process; what an earlier one left open is ended first.
   */
  adopt(begun?: BegunByHost): Promise<Front | null>;
  /** Remote only. Resolves when the agent has the bytes (stage `handed`); the stages that follow are events. */
  prompt(prompt: DriverPrompt): Promise<void>;
  /** Take back a prompt that was handed but not begun, where the agent can. */
  withdraw(localId: string): Promise<"removed" | "consumed" | "unknown">;
  /** What the agent's own record says about a prompt. */
  lookup(localId: string): Promise<"present" | "absent" | "unknown">;
  /** Send the failed turn again on the same conversation without adding its prompt a second time. */
  retry(): Promise<void>;
  /** Take back what `retry` handed and the agent has not begun. `consumed`: it runs, or may run. `none`: the agent has nothing of it. */
  withdrawRetry(): Promise<"removed" | "consumed" | "none">;
  /**
   * `applied`: the agent's record shows that it took this answer. `sent`: the agent has it, and its record does not show it within a few seconds:
   * `request-closed` will tell. `gone`: nobody asks any more, or another answer was first.
   */
  answer(requestId: string, answer: RequestAnswer): Promise<"applied" | "sent" | "gone">;
  /** Ends the running turn, and takes back what was handed and not begun: its stage is `interrupted` then. */
  interrupt(): Promise<void>;
  setPermissionMode(mode: string): Promise<void>;
  setModel(model: string | null): Promise<void>;
  /** Null: as the agent would by itself. */
  setEffort(effort: string | null): Promise<void>;
  listModels(): Promise<ModelChoice[]>;
  /**
   * A hook of the agent called; the answer is its stdout. `signal` aborts when the hook's process is gone (then nobody waits any more) or
   * this session process ends. An object payload carries `hapiHookId`, made by the bridge: the same when the bridge comes back to a
   * restarted session process, so a request made from it keeps its id.
   */
  onHook?(payload: unknown, signal: AbortSignal): Promise<unknown>;
  /** A person typed into the agent's own screen. */
  typed?(line: TypedLine): void;
  /** Is a turn running, or about to? */
  readonly busy: boolean;
  readonly front: Front | null;
  /** Drivers of `control: "shared"` only. `start` then knows no front but `remote`, `adopt` takes over both processes, and `stop` ends both. */
  readonly terminal?: OwnTerminal;
  /** A process that has ended may still be `front` while its end is told: resolves when it is nobody's any more, at once where nothing ends. */
  settled(): Promise<void>;
  /** The agent's own conversation as the driver's durable marks have it; null: none yet. */
  readonly threadId: string | null;
  /** Words of the agent's that the driver does not know, and how often they came, by `place/word`. */
  readonly unknownWords?: Readonly<Record<string, number>>;
  /** End the agent process so that the thread can go on elsewhere; waits until it is gone. */
  stop(options: { graceMs: number; interrupt?: boolean }): Promise<void>;
  /** Stop listening. The agent goes on under its host. */
  [Symbol.asyncDispose](): Promise<void>;
}
