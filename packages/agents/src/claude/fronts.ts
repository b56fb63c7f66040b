/**
 * The Claude that runs: driven, or in the terminal. One process at a time; the one whose end was told is nobody's any more, also for the watch
 * that looks out for a second one.
 */
import type { HostProcess } from "@hapi/host";
import { AppError } from "@hapi/protocol";
import type { Core } from "./core.ts";
import { createLocalFront, type LocalFront, type LocalOptions } from "./local-front.ts";
import { createRemoteFront, type RemoteFront } from "./remote-front.ts";
import { watchSecondProcess } from "./second-process.ts";

export type Running = { front: "remote"; now: RemoteFront } | { front: "local"; now: LocalFront };

export interface Fronts {
  readonly running: Running | null;
  /** @throws AppError `agent_away`: nothing runs; `local_control`: the terminal has it. */
  remote(): RemoteFront;
  runRemote(process: HostProcess): RemoteFront;
  runLocal(process: HostProcess, line: LocalOptions): LocalFront;
  /** Of a driven process that is gone: what it still said is told, and what it left open is ended. */
  readToEnd(process: HostProcess): Promise<void>;
  /** Nothing runs for us any more; the process goes on. */
  detach(): Promise<void>;
}

export function createFronts(core: Core, answerMs: number): Fronts {
  const second = watchSecondProcess(core);
  let running: Running | null = null;

  function gone(front: RemoteFront | LocalFront): void {
    if (running?.now !== front) return;
    running = null;
    second.rest();
  }

  function run(next: Running): void {
    running = next;
    second.follow(next.now.process.pid);
  }

  return {
    get running() {
      return running;
    },
    remote() {
      if (running?.front === "remote") return running.now;
      throw new AppError(running ? "local_control" : "agent_away", running ? undefined : "The agent is not running");
    },
    runRemote(process) {
      const remote = createRemoteFront(core, process, () => gone(remote), answerMs);
      run({ front: "remote", now: remote });
      return remote;
    },
    runLocal(process, line) {
      const local = createLocalFront(core, process, () => gone(local), line);
      run({ front: "local", now: local });
      return local;
    },
    async readToEnd(process) {
      const front = createRemoteFront(core, process, () => undefined, answerMs);
      await front.takeOver();
      await front.ended;
    },
    async detach() {
      const last = running;
      running = null;
      second.close();
      await last?.now.detach();
    },
  };
}
