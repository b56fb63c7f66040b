/** A process at the host that says nothing, and ends when the test or a signal says so. */
import type { ExitStatus, HostProcess } from "@hapi/host";

export interface ScriptedProcess extends HostProcess {
  signals: string[];
  end(exit: ExitStatus): void;
}

/** `signalled`: it was sent a signal, and has ended by it. */
export function scriptedProcess(launchId: string, kind: "pipe" | "pty", signalled: () => void = () => undefined): ScriptedProcess {
  const over = Promise.withResolvers<ExitStatus>();
  const signals: string[] = [];
  return {
    signals,
    end: over.resolve,
    launchId,
    kind,
    pid: 1,
    startedAt: 0,
    exited: over.promise,
    // eslint-disable-next-line require-yield -- it says nothing
    async *read() {
      await over.promise;
    },
    release: () => undefined,
    write: () => Promise.resolve(),
    lastInputId: () => Promise.resolve(0),
    closeInput: () => Promise.resolve(),
    resize: () => Promise.resolve(),
    signal(name) {
      signals.push(name);
      over.resolve({ code: null, signal: name });
      signalled();
      return Promise.resolve();
    },
  };
}
