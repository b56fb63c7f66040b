/**
 * Keeps the session process running: started at once, again after every end that nobody asked for, with growing pauses. The system's word on its
 * end is not trusted alone: now and then it is looked whether it still runs, and one that does not come up (or let go of us and stays) is
 * ended. Gives up only while nothing would be lost by it: when it has never managed to connect and no agent is there.
 */
import { isAlive, killTree, spawnDetached, type Clock, type DetachedProcess } from "@hapi/platform/lean";

const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** After one that had shaken hands: what ends those is mostly a kill, and somebody waits for the next. */
const longestPauseAfterContactMs = 1_000;
/** Whoever steered this long was all right. */
const healthyMs = 2_000;
const maxStartsWithoutContact = 5;
/** How long an end can go unnoticed. */
export const lookEveryMs = 5_000;
/** To start and shake hands takes well under a second; on the busiest machine, not a minute. */
export const contactMs = 60_000;

export interface SupervisorOptions {
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  logFile: string;
  clock: Clock;
  /** It can't be brought to life. `hint` is one sentence. */
  onGiveUp(hint: string): void;
  hasAgents(): boolean;
  /** Default: a real one. */
  spawn?: typeof spawnDetached;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #child: DetachedProcess | null = null;
  #pauseMs = firstPauseMs;
  #starts = 0;
  #startsWithoutContact = 0;
  #isStopped = false;
  /** Since when it lives without having shaken hands; null while it steers. */
  #silentSince: number | null = null;
  /** When this life shook hands first. */
  #contactAt: number | null = null;
  #cancelRestart: (() => void) | null = null;
  #cancelLook: (() => void) | null = null;
  #ended = Promise.withResolvers<void>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get facts(): { pid: number | null; starts: number } {
    return { pid: this.#child?.pid ?? null, starts: this.#starts };
  }

  start(): void {
    const { argv, cwd, env, logFile, clock, spawn = spawnDetached } = this.#options;
    if (this.#isStopped || argv.length === 0) return;
    this.#starts++;
    this.#startsWithoutContact++;
    const startedAt = clock.now();
    this.#contactAt = null;
    let child: DetachedProcess;
    try {
      child = spawn(argv, { cwd, env, logFile });
    } catch {
      // Missing program or folder; it may come back (an upgrade in progress).
      this.#afterEnd();
      return;
    }
    this.#child = child;
    this.#silentSince = startedAt;
    this.#ended = Promise.withResolvers();
    const over = (): void => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#cancelLook?.();
      this.#ended.resolve();
      this.#afterEnd();
    };
    void child.exited.then(over);
    this.#lookAgain(child, over);
  }

  /** The session process has shaken hands. */
  connected(): void {
    this.#startsWithoutContact = 0;
    this.#silentSince = null;
    this.#contactAt ??= this.#options.clock.now();
  }

  /** Nobody steers any more; it connects again, or ends. */
  disconnected(): void {
    this.#silentSince = this.#options.clock.now();
  }

  /** Lets it end by itself for a while, then ends it. Resolves when it is gone. */
  async stop(graceMs: number, options: { ask: boolean }): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart?.();
    const child = this.#child;
    if (!child) return;
    if (options.ask) killTree(child, "SIGTERM");
    const cancelTerm = this.#options.clock.setTimer(graceMs, () => killTree(child, "SIGTERM"));
    const cancelKill = this.#options.clock.setTimer(graceMs + 2_000, () => killTree(child, "SIGKILL"));
    if (isAlive(child)) await this.#ended.promise;
    cancelTerm();
    cancelKill();
  }

  #lookAgain(child: DetachedProcess, over: () => void): void {
    const { clock } = this.#options;
    this.#cancelLook = clock.setTimer(lookEveryMs, () => {
      if (!isAlive(child)) return over();
      if (this.#silentSince !== null && clock.now() - this.#silentSince >= contactMs) killTree(child, "SIGKILL");
      this.#lookAgain(child, over);
    });
  }

  #afterEnd(): void {
    if (this.#isStopped) return;
    const { clock, hasAgents, onGiveUp, logFile } = this.#options;
    const longestMs = this.#contactAt === null ? longestPauseMs : longestPauseAfterContactMs;
    if (this.#contactAt !== null && clock.now() - this.#contactAt >= healthyMs) this.#pauseMs = firstPauseMs;
    if (this.#startsWithoutContact >= maxStartsWithoutContact && !hasAgents()) {
      this.#isStopped = true;
      onGiveUp(`The session could not be started. See ${logFile}`);
      return;
    }
    this.#pauseMs = Math.min(this.#pauseMs, longestMs);
    this.#cancelRestart = clock.setTimer(this.#pauseMs, () => this.start());
    this.#pauseMs *= 2;
  }
}
