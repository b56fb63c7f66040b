/**
 * What a session process sees of its host. The host is the parent of the agent and of the session process; it owns PTYs, pipes and the
 * byte rings, and knows nothing about agents. Offsets are absolute byte counts since the process started.
 */

export interface SpawnSpec {
  /** Repeatable: spawning an id that already exists answers with the existing process. */
  launchId: string;
  kind: "pty" | "pipe";
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  cols?: number;
  rows?: number;
  /** Ring size per stream; default 4 MiB. A full PTY ring forgets the oldest bytes; a full pipe ring makes the agent wait. */
  ringBytes?: number;
}

export type StreamName = "out" | "err";

export interface Chunk {
  /** Of the first byte. */
  offset: number;
  bytes: Uint8Array;
}

export interface ExitStatus {
  code: number | null;
  signal: string | null;
}

export interface HostProcess {
  readonly launchId: string;
  readonly kind: "pty" | "pipe";
  readonly pid: number;
  readonly startedAt: number;
  /** Bytes from `fromOffset` on, then live; ends after the last byte of an exited process. Throws `RingGapError` when they are gone. */
  read(stream: StreamName, fromOffset: number, signal?: AbortSignal): AsyncIterable<Chunk>;
  /** A pipe's `out` only (its `err` forgets, like a PTY, so that an unread log never stops an agent): bytes before `offset` are no longer needed and their room may be used. */
  release(stream: StreamName, offset: number): void;
  /** `inputId` grows; the host drops one it has already seen, so a write can be repeated after a crash. Resolves when the host wrote it. */
  write(bytes: Uint8Array | string, inputId?: number): Promise<void>;
  /** The highest `inputId` the host has written. */
  lastInputId(): Promise<number>;
  closeInput(): Promise<void>;
  resize(cols: number, rows: number): Promise<void>;
  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGHUP" | "SIGCONT" | "SIGWINCH"): Promise<void>;
  /** Rejects with `host_gone` when the host dies first. */
  readonly exited: Promise<ExitStatus>;
}

export class RingGapError extends Error {
  readonly oldest: number;
  constructor(oldest: number) {
    super(`bytes before offset ${oldest} are gone`);
    this.name = "RingGapError";
    this.oldest = oldest;
  }
}

/** What viewers see: a process's PTY, or what the session process draws itself (remote mode). */
export type Display = { kind: "process"; launchId: string } | { kind: "controller" };

export interface ViewerInfo {
  id: string;
  cols: number;
  rows: number;
}

/** What the keys since the last Enter amount to. */
export interface TypedLine {
  /** Null: keys were among them whose effect only the program knows. */
  line: string | null;
  /** Were there letters among them? */
  hasWords: boolean;
  /** A key emptied the line, with what stood in it before. */
  isCleared: boolean;
  /** The last Enter behind words; null as text: not known which. */
  entered: { at: number; text: string | null } | null;
}

export interface HostEvents {
  /** Keys of a viewer while the display is `controller`. */
  viewerInput: (input: { viewerId: string; bytes: Uint8Array }) => void;
  /** Any viewer typed into the displayed PTY: the moment of the last keystroke, and what stands in the line. An older host does not know the line. */
  viewerTyped: (at: number, typed?: TypedLine) => void;
  viewers: (viewers: readonly ViewerInfo[]) => void;
  /** The connection to the host is gone for good: the host has died. */
  lost: () => void;
}

export interface HostControl {
  readonly sessionId: string;
  readonly hostPid: number;
  spawn(spec: SpawnSpec): Promise<HostProcess>;
  /** Processes the host knows, running or exited (the last few), also those started before this session process. */
  processes(): readonly HostProcess[];
  process(launchId: string): HostProcess | undefined;
  setDisplay(display: Display): Promise<void>;
  /** Draw on all viewers (only while the display is `controller`, which begins empty each time it is set); kept (bounded) for viewers that attach later while the display is `controller`. `reset` forgets what was drawn. */
  draw(text: string, options?: { reset?: boolean }): Promise<void>;
  viewers(): readonly ViewerInfo[];
  on<E extends keyof HostEvents>(event: E, listener: HostEvents[E]): () => void;
  /** End the host itself after this session process is done: viewers get `exit` with this code and an optional last line. */
  shutdown(options: { exitCode: number; message?: string }): Promise<void>;
}
