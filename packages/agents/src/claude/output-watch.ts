/**
 * A driven Claude's output against its own status file (2.1.329 keeps one in this mode too): one that has been idle for long and did not say how
 * its turn ended would let everybody wait for ever.
 */
import type { HostProcess } from "@hapi/host";
import { every } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import { createOwnStatus } from "./own-status.ts";

const LOOKS = 4;

export interface OutputWatch {
  /** A line of output came (`true`), and was dealt with (`false`). */
  heard(isHandling: boolean): void;
  close(): void;
}

export function watchOutput(options: { core: Core; process: HostProcess; isBusy(): boolean }): OutputWatch {
  const { core, process } = options;
  const { clock } = core.context;
  const { outputMs } = core.patience;
  const own = createOwnStatus(core.context, process.pid, () => core.thread?.id);
  let heardAt = clock.now();
  let handling = false;
  let told = false;

  function look(): void {
    // What was not read yet, or waits for room, says nothing of Claude.
    if (told || handling || !options.isBusy() || core.feed?.held === true) return;
    const status = own.read();
    if (status?.status !== "idle" || status.statusSince === undefined) return;
    if (clock.now() - Math.max(status.statusSince, heardAt) < outputMs) return;
    told = true;
    core.lost("output_silent", `${process.launchId}:${heardAt}`, { pid: process.pid, idleSince: status.statusSince, heardAt });
  }

  const close = every(clock, outputMs / LOOKS, look, { unref: true });

  return {
    heard(isHandling) {
      heardAt = clock.now();
      handling = isHandling;
      told = false;
    },
    close,
  };
}
