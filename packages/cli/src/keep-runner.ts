/**
 * Keeps a runner beside the hub of `npm start`: started as a process of its own, started again when it dies, ended with the hub. One that a
 * person stopped stays stopped. One that outlived an earlier hub is left alone: this one is started when that one is gone.
 */
import { attempt, isAlive, LATE, selfCommand, systemClock, within, type Clock, type Logger } from "@hapi/platform";
import { runnerEnv } from "@hapi/machine/runner-env";
import { readRunnerState, RESTART_EXIT_CODE } from "@hapi/machine/runner-state";
import { spawn, type ChildProcess } from "node:child_process";

const BACKOFF_MS = [200, 500, 1_000, 2_000, 5_000];
/** A runner that lived this long was fine: the next failure starts counting again. */
const HEALTHY_MS = 30_000;
const LOOK_AGAIN_MS = 1_000;
const KILL_AFTER_MS = 3_000;

export interface KeptRunner {
  close(): Promise<void>;
}

export interface KeepRunnerOptions {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  log: Logger;
  /** Default: `hapi runner run`. */
  program?: readonly string[];
  clock?: Clock;
}

export function keepRunner(options: KeepRunnerOptions): KeptRunner {
  const { clock = systemClock } = options;
  let child: ChildProcess | null = null;
  let isClosing = false;
  let failures = 0;
  let cancelStart: (() => void) | null = null;

  const start = (): void => {
    const other = readRunnerState(options.home);
    if (other && isAlive(other)) {
      cancelStart = clock.setTimer(LOOK_AGAIN_MS, start);
      return;
    }
    const [program = "", ...args] = options.program ?? selfCommand("runner", "run");
    const startedAt = clock.now();
    const started = spawn(program, args, { env: runnerEnv(options.home, options.env) as NodeJS.ProcessEnv, stdio: "ignore" });
    child = started;
    started.on("error", (cause) => options.log.warn("runner.not_started", { reason: cause.message }));
    started.on("exit", (code, signal) => {
      child = null;
      if (isClosing) return;
      if (code === 0) return options.log.info("runner.stopped", {});
      if (code === RESTART_EXIT_CODE) return start();
      failures = clock.now() - startedAt > HEALTHY_MS ? 0 : failures + 1;
      const waitMs = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 5_000;
      options.log.warn("runner.ended", { code, signal, waitMs });
      cancelStart = clock.setTimer(waitMs, start);
    });
  };
  start();

  return {
    async close() {
      isClosing = true;
      cancelStart?.();
      const running = child;
      if (!running) return;
      const ended = new Promise<void>((done) => running.once("exit", () => done()));
      running.kill("SIGTERM");
      if ((await within(clock, KILL_AFTER_MS, ended)) !== LATE) return;
      attempt(() => running.kill("SIGKILL"), "it may have ended meanwhile");
      await ended;
    },
  };
}
