/**
 * What the chat needs from the rest of the app: one session's view, what can be done with it, and a place for drafts. The shell's sync
 * layer implements it on the hub; the gallery and the tests implement it on fixtures. The chat itself knows no REST, no SSE and no storage.
 */
import type { PromptItem, Timeline } from "@hapi/core";
import type { AppError, Answers, Attachment, Session, SessionDiagnostics } from "@hapi/protocol";

export interface ChatView {
  session: Session;
  /** Same object as long as nothing in it changed; its items too. */
  timeline: Timeline;
  /** The first page has arrived, from the cache or from the hub. */
  loaded: boolean;
  /** Why nothing could be loaded. */
  loadError: AppError | null;
  hasOlder: boolean;
  loadingOlder: boolean;
  /** The hub can't be reached: for now there is only what this device keeps. */
  away: boolean;
  /** Display name of the machine; null when it is not known. */
  machineName: string | null;
  /** null: not known. */
  machineOnline: boolean | null;
}

export interface ChatStore {
  /** The same object until something changed. */
  view(): ChatView;
  subscribe(listener: () => void): () => void;
}

export interface OutgoingPrompt {
  text: string;
  attachments: readonly Attachment[];
  /** Into the running turn, where the agent can. */
  steer?: boolean;
  /** When it goes to the agent; absent: now. */
  at?: number | null;
}

export interface SlashCommand {
  name: string;
  description?: string;
  source?: string;
}

/**
 * `pending`: taken by the hub, the session gets it when it is reachable. `sent`: the agent has it and has not shown yet that it took it. `closed`:
 * someone was faster.
 */
export type AnswerResult =
  | { status: "applied" | "sent" | "pending" }
  | { status: "closed"; outcome: string | null; /** `terminal`, `person`, … */ by?: string | null };

export interface ApproveRequest {
  forSession?: boolean;
  answers?: Answers;
  /** Permission mode from now on (plans). */
  mode?: string;
  /** Of what the person saw. */
  digest?: string;
}

/** All that a request asks, where its session sent it shortened. */
export interface WholeRequest {
  tool: string;
  arguments: unknown;
  digest: string;
}

/** Every method rejects with an `AppError`; its message is for people. */
export interface RequestActions {
  approve(sessionId: string, requestId: string, answer: ApproveRequest): Promise<AnswerResult>;
  deny(sessionId: string, requestId: string, answer: { reason?: string; /** also ends the turn */ abort?: boolean }): Promise<AnswerResult>;
  whole(sessionId: string, requestId: string): Promise<WholeRequest>;
}

export interface ChatActions extends RequestActions {
  /** Into the outbox: returns once the prompt is stored on this device, and shows up in the timeline at once. */
  send(prompt: OutgoingPrompt): Promise<void>;
  /** A queued prompt; `invoked`: too late, the agent has it. */
  cancel(prompt: PromptItem): Promise<"cancelled" | "invoked" | "busy">;
  /**
   * A rejected prompt, or one whose fate is unknown, once more because a person said so. The agent's record is asked first where it can
   * be: `has-it` means that nothing needed to be sent.
   */
  sendAgain(prompt: PromptItem): Promise<"sent" | "has-it">;
  /** A queued prompt into the running turn; `waits`: the agent does not take it now, it stays in the queue. */
  steer(prompt: PromptItem): Promise<"steered" | "invoked" | "waits">;
  /** The failed turn once more on the same conversation. */
  retry(): Promise<void>;
  /** Failed turns are tried again by themselves, or not. */
  setAutoRetry(enabled: boolean): Promise<void>;
  /** The try that is planned does not happen. */
  stopRetry(): Promise<void>;
  /** Starts the session again on its own conversation. The error says why not (`details.cause`) and what can be done (`details.offers`). */
  resume(): Promise<void>;
  /** A new session with this history, on a branch of the agent's own conversation or told the text of this one. @returns its id */
  fork(from: "thread" | "history"): Promise<string>;
  diagnostics(): Promise<SessionDiagnostics>;
  loadOlder(): Promise<void>;
  abort(): Promise<void>;
  switchControl(to: "remote" | "local", now?: boolean): Promise<void>;
  setPermissionMode(mode: string): Promise<void>;
  setModel(model: string | null): Promise<void>;
  setEffort(effort: string | null): Promise<void>;
  rename(name: string): Promise<void>;
  /** An archived session takes prompts again; nothing is started. */
  unarchive(): Promise<void>;
  /** A picture that went with a prompt, from the machine it is on, as an address; null: it can't be had now. */
  picture(file: Attachment): Promise<string | null>;
  upload(
    file: { filename: string; mimeType: string; content: Blob },
    progress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<Attachment>;
  slashCommands(): Promise<readonly SlashCommand[]>;
  models(): Promise<readonly { id: string; name: string }[]>;
}

/** A file that waits in the composer. Its bytes stay with the draft until the prompt is stored, so a failed upload loses nothing. */
export interface DraftFile {
  id: string;
  filename: string;
  mimeType: string;
  content: Blob;
  /** Set once the machine has it. */
  uploaded?: Attachment;
}

export interface Draft {
  text: string;
  files: readonly DraftFile[];
  /** When it goes to the agent; absent: at once. */
  at?: number | null;
}

/** Kept on this device, per session (IndexedDB in the app). `save` with an empty draft forgets it. */
export interface DraftStore {
  load(sessionId: string): Promise<Draft | null>;
  save(sessionId: string, draft: Draft): Promise<void>;
}

export interface ChatPort {
  store: ChatStore;
  actions: ChatActions;
  drafts: DraftStore;
  now(): number;
}
