/**
 * Keeps the session process running: started at once, again after every end that nobody asked for, with growing pauses. Gives up only while
 * nothing would be lost by it: when it has never managed to connect and no agent is there.
 */
import { isAlive, killTree, spawnDetached, type Clock, type DetachedProcess } from "@hapi/platform/lean";

const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** Whoever ran this long was all right. */
const healthyMs = 10_000;
const maxStartsWithoutContact = 5;

export interface SupervisorOptions {
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  logFile: string;
  clock: Clock;
  /** It can't be brought to life. `hint` is one sentence. */
  onGiveUp(hint: string): void;
  hasAgents(): boolean;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #child: DetachedProcess | null = null;
  #pauseMs = firstPauseMs;
  #starts = 0;
  #startsWithoutContact = 0;
  #isStopped = false;
  #cancelRestart: (() => void) | null = null;
  #ended = Promise.withResolvers<void>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get facts(): { pid: number | null; starts: number } {
    return { pid: this.#child?.pid ?? null, starts: this.#starts };
  }

  start(): void {
    const { argv, cwd, env, logFile, clock } = this.#options;
    if (this.#isStopped || argv.length === 0) return;
    this.#starts++;
    this.#startsWithoutContact++;
    const startedAt = clock.now();
    let child: DetachedProcess;
    try {
      child = spawnDetached(argv, { cwd, env, logFile });
    } catch {
      // Missing program or folder; it may come back (an upgrade in progress).
      this.#afterEnd(startedAt);
      return;
    }
    this.#child = child;
    this.#ended = Promise.withResolvers();
    void child.exited.then(() => {
      this.#child = null;
      this.#ended.resolve();
      this.#afterEnd(startedAt);
    });
  }

  /** The session process has shaken hands. */
  connected(): void {
    this.#startsWithoutContact = 0;
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

  #afterEnd(startedAt: number): void {
    if (this.#isStopped) return;
    const { clock, hasAgents, onGiveUp, logFile } = this.#options;
    if (clock.now() - startedAt >= healthyMs) this.#pauseMs = firstPauseMs;
    if (this.#startsWithoutContact >= maxStartsWithoutContact && !hasAgents()) {
      this.#isStopped = true;
      onGiveUp(`The session could not be started. See ${logFile}`);
      return;
    }
    this.#cancelRestart = clock.setTimer(this.#pauseMs, () => this.start());
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }
}
