/**
 * `hapi` in a terminal: raw bytes from the host to the screen and from the keys to the host, nothing interpreted. It keeps only Ctrl-Z for
 * itself (detach to the shell; `fg` comes back). Whatever ends it, the terminal is put back first; the session goes on unless the host says
 * that it is over.
 */
import { attempt, type Clock, systemClock, within } from "@hapi/platform/lean";
import { AppError, toAppError } from "@hapi/protocol/errors";
import { decodeJson, encodeFrame, encodeJson, frameType, type Frame } from "./frames.ts";
import type { HostAddress } from "./host-files.ts";
import { SuspendKey } from "./keys.ts";
import { openLink, type Link } from "./link.ts";
import { paintMs, screenBytes } from "./painted.ts";
import { ViewerTerminal, type ViewerInput, type ViewerOutput } from "./viewer-terminal.ts";

export interface ViewerOptions extends HostAddress {
  stdin: ViewerInput;
  stdout: ViewerOutput;
  /** Stops this process the way Ctrl-Z does; resolves when it goes on. Default: SIGTSTP to the process group. */
  suspend?: () => Promise<void>;
  /** Called once, when there is a screen to see, or none came for a while. */
  onShown?: () => void;
  clock?: Clock;
}

export interface ViewerEnd {
  exitCode: number;
  /** A last line for the user, after the terminal is put back. */
  message?: string;
}

const endSignals = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
const keysFrameBytes = 64 << 10;
const notStoppedMs = 500;

/** Rejects only when the session can't be reached at all; the terminal is untouched then. */
export async function runViewer(options: ViewerOptions): Promise<ViewerEnd> {
  const viewer = new Viewer(options);
  return viewer.run();
}

class Viewer {
  readonly #options: ViewerOptions;
  readonly #clock: Clock;
  readonly #terminal: ViewerTerminal;
  readonly #suspendKey = new SuspendKey();
  readonly #end = Promise.withResolvers<ViewerEnd & { isTerminalGone?: boolean }>();
  #link: Link | null = null;
  /** The size the host has of us. */
  #told: { cols: number; rows: number } | null = null;
  #isSuspended = false;
  #shownBytes = 0;

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#terminal = new ViewerTerminal(options.stdin, options.stdout, this.#clock);
  }

  async run(): Promise<ViewerEnd> {
    const { stdin, stdout } = this.#options;
    await this.#attach();
    const onData = (bytes: Uint8Array) => this.#keys(bytes);
    // The terminal is gone (or the pipe): so are we; the session is not.
    const onGone = () => this.#end.resolve({ exitCode: 1, isTerminalGone: true });
    const onResize = () => this.#tellSize();
    const signals = Object.entries(endSignals).map(([name, number]) => {
      const listener = () => this.#end.resolve({ exitCode: 128 + number });
      process.on(name, listener);
      return () => process.off(name, listener);
    });
    stdin.on("data", onData);
    stdin.on("end", onGone);
    stdin.on("error", onGone);
    stdout.on("resize", onResize);
    stdout.on("error", onGone);
    // It may have changed before anybody listened.
    this.#tellSize();
    const cancelShown = this.#options.onShown && this.#clock.setTimer(paintMs, () => this.#countShown(screenBytes));
    try {
      stdin.resume();
      const end = await this.#end.promise;
      if (!end.isTerminalGone) await this.#terminal.flushed();
      return { exitCode: end.exitCode, message: end.message };
    } finally {
      cancelShown?.();
      this.#terminal.leave();
      this.#detach();
      stdin.off("data", onData);
      stdin.off("end", onGone);
      stdin.off("error", onGone);
      stdout.off("resize", onResize);
      stdout.off("error", onGone);
      stdin.pause();
      for (const off of signals) off();
    }
  }

  async #attach(): Promise<void> {
    const { socket, token } = this.#options;
    let current: Link | null = null;
    const { size } = this.#terminal;
    const link = await openLink(
      { address: { socket, token }, role: "viewer", size },
      {
        frame: (frame) => this.#frame(frame),
        closed: () => {
          if (this.#link && this.#link === current) this.#lost();
        },
      },
    );
    current = link;
    this.#link = link;
    this.#told = size;
    this.#terminal.enter();
    this.#tellSize();
  }

  #detach(): void {
    const link = this.#link;
    this.#link = null;
    link?.connection.end();
  }

  #frame(frame: Frame): void {
    if (this.#isSuspended) return;
    if (frame.type === frameType.screen) return this.#show(frame.payload);
    if (frame.type !== frameType.event) return;
    const fields = decodeJson(frame.payload);
    if (fields["event"] !== "exit") return;
    const message = fields["message"];
    this.#end.resolve({ exitCode: Number(fields["exitCode"]) || 0, message: typeof message === "string" ? message : undefined });
  }

  #show(bytes: Uint8Array): void {
    this.#terminal.enter();
    const { connection } = this.#link ?? {};
    const isBehind = this.#terminal.show(bytes.slice(), () => connection?.resume());
    if (isBehind) connection?.pause();
    this.#countShown(bytes.length);
  }

  #countShown(bytes: number): void {
    const wasShown = this.#shownBytes >= screenBytes;
    this.#shownBytes += bytes;
    if (!wasShown && this.#shownBytes >= screenBytes) this.#options.onShown?.();
  }

  #keys(bytes: Uint8Array): void {
    if (!this.#link || this.#isSuspended) return;
    const suspend = this.#suspendKey.split(bytes);
    this.#send(suspend ? suspend.before : bytes);
    if (suspend) void this.#suspend();
  }

  #send(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += keysFrameBytes)
      this.#link?.connection.write(encodeFrame(frameType.keys, bytes.subarray(at, at + keysFrameBytes)));
  }

  /** The size that the terminal has now, unless the host knows it: a change while we attach is told by no event. */
  #tellSize(): void {
    const { size } = this.#terminal;
    if (!this.#link || (size.cols === this.#told?.cols && size.rows === this.#told.rows)) return;
    this.#told = size;
    this.#link.connection.write(encodeJson(frameType.request, { id: 0, op: "resize", ...size }));
  }

  async #suspend(): Promise<void> {
    this.#isSuspended = true;
    this.#detach();
    this.#terminal.leave();
    this.#options.stdin.pause();
    await (this.#options.suspend?.() ?? stopProcessGroup(this.#clock));
    this.#isSuspended = false;
    this.#options.stdin.resume();
    // What is drawn now belongs above; the session begins on a clean page.
    this.#terminal.enter();
    this.#show(new TextEncoder().encode("\x1b[H\x1b[2J"));
    await this.#attach().catch((cause: unknown) => this.#lost(cause));
  }

  #lost(cause?: unknown): void {
    const { code } = cause === undefined ? new AppError("host_gone") : toAppError(cause);
    const message =
      code === "host_gone" ? "The session has ended: its host is gone. Run hapi again to continue it." : toAppError(cause).message;
    this.#end.resolve({ exitCode: 1, message });
  }
}

/** Returns when somebody continues us (`fg`), or at once where stopping is not possible (no shell above us). */
async function stopProcessGroup(clock: Clock): Promise<void> {
  const continued = Promise.withResolvers<void>();
  const onContinue = () => continued.resolve();
  process.on("SIGCONT", onContinue);
  attempt(() => process.kill(0, "SIGTSTP"), "then we simply go on");
  // Stopped time does not count: this only runs out when we were never stopped.
  await within(clock, notStoppedMs, continued.promise);
  process.off("SIGCONT", onContinue);
}
