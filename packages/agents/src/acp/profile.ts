/** What differs between two agents that speak ACP: data, and nothing else. `createAcpDriver(profile)` makes a driver of it. */
import type { Clock } from "@hapi/platform/lean";
import type { AgentCapabilities } from "@hapi/protocol";
import type { AgentRequest, RequestAnswer, Verified } from "../driver.ts";
import type { EnvironmentVariable } from "../environment.ts";
import type { Fields } from "../shared/read.ts";
import type { FormField } from "../shared/elicitation.ts";

export interface AcpProfile {
  /** Wire name. */
  readonly flavor: string;
  readonly displayName: string;
  /** Program and arguments that start the agent speaking ACP on stdio. A program without a slash is looked up in PATH. */
  command(env: Readonly<Record<string, string>>): readonly string[];
  /** What the program that is found only starts, as its child: a signal must reach the agent itself. */
  behind?(program: string): readonly string[];
  /** Variables set on top of the session's environment. */
  env?(env: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  /** Variables that choose its account, provider and settings, beside those of every agent. */
  readonly variables?: readonly EnvironmentVariable[];
  /** What people read when the program is missing. */
  readonly installHint?: string;
  readonly verified?: Verified;
  /** Words that make its program tell its version. Default: `--version`. */
  readonly versionWords?: readonly string[];
  /** Corrections of what every ACP agent is taken to be able to do. */
  readonly capabilities?: Partial<AgentCapabilities>;
  /** HAPI's permission modes → the agent's own mode ids. What is not named here has the same name. */
  readonly modes?: Readonly<Record<string, string>>;
  /** Options of the agent's that are part of a mode: by the option's id, what it is set to in these modes and in all others. */
  readonly modeOptions?: Readonly<Record<string, ModeOption>>;
  /**
   * How a failed prompt is sent again. `resend`: the same prompt once more; for an agent whose history keeps a failed prompt it then stands
   * there twice, which ACP gives no way to avoid. `continue`: the agent keeps a failed prompt in
   * its history, so it is only asked to go on. `resend-live`: it keeps one only for the processes that come after. `flag`: the agent understands `_meta["hapi.retry"]` and `_meta["hapi.promptId"]`, and runs
   * the failed prompt of its own record again.
   */
  readonly retry?: "resend" | "resend-live" | "flag" | "continue";
  /** Is a prompt that was handed to a process that is gone in the agent's own record? Without this nobody can tell. */
  findPrompt?(env: Readonly<Record<string, string>>, threadId: string, promptId: string): "present" | "absent";
  /**
   * Where the reason of a denial goes; ACP's answer has no field for it. `next-prompt`: in front of the next prompt. `meta`: the agent reads
   * `_meta["hapi.reason"]` of the answer.
   */
  readonly denyReason?: "next-prompt" | "meta";
  /** Before an earlier conversation is opened: what the agent itself gets wrong there is put right. */
  beforeResume?(where: ResumePlace): Promise<void>;
  /** And once it is open. */
  afterResume?(where: ResumePlace): Promise<void>;
  /** It tells the history of a loaded conversation behind its answer to `session/load`, and is done before it answers the next request. */
  readonly historyAfterLoad?: true;
  /** Requests of its own that it does without when they are refused: not worth a word. */
  readonly declines?: readonly string[];
  /** Notifications of its own that say nothing a person misses. */
  readonly ignores?: readonly string[];
  /** A permission that is a question by its `_meta`, and the field of the answer in which the person's words go, by the question's place. */
  readonly questions?: { readonly meta: string; readonly answers: string };
  /** A way to log in that it offers in the handshake, and wants to be asked for before it opens a conversation. */
  readonly login?: { readonly methodId: string };
  /** What people do when it is not logged in: one sentence. */
  readonly loginHint?: string;
  /** Requests of its own that ask a person something, by their method. */
  readonly own?: Readonly<Record<string, OwnAsk>>;
  /** Its to-do list, where that comes by a method of its own; a request is answered with `answer`. */
  readonly todos?: { readonly method: string; readonly answer: unknown };
  /** Of an agent that reports errors as words of the model and ends such a turn as any other: what a whole chunk of text means. */
  spoken?(chunk: string): Spoken | null;
}

/** How one of an agent's own requests is asked, and what its answers look like. */
export interface OwnAsk {
  /** Null: not in a shape that is known. */
  ask(params: Fields): { request: Omit<AgentRequest, "id">; questions: FormField[] } | null;
  reply(questions: readonly FormField[], answer: RequestAnswer): unknown;
  readonly cancelled: unknown;
}

export interface ModeOption {
  readonly modes: readonly string[];
  readonly on: string;
  readonly off: string;
}

export interface ResumePlace {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly threadId: string;
  /** The session's own folder. */
  readonly sessionDir: string;
  readonly clock: Clock;
}

/** `waiting`: it tries again by itself. */
export type Spoken = { type: "waiting"; message: string } | { type: "failed"; message: string; status?: number };

/** Keys of `_meta` that HAPI sends. */
export const META = { promptId: "hapi.promptId", retry: "hapi.retry", reason: "hapi.reason" } as const;
