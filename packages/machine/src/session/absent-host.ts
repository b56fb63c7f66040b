/** The host port of a session whose host has died: nothing runs, nobody looks, nothing can be started. */
import type { HostControl } from "@hapi/host";
import { AppError } from "@hapi/protocol";

export function absentHost(sessionId: string, hostPid: number): HostControl {
  return {
    sessionId,
    hostPid,
    spawn: () => Promise.reject(new AppError("host_gone")),
    processes: () => [],
    process: () => undefined,
    setDisplay: () => Promise.resolve(),
    draw: () => Promise.resolve(),
    viewers: () => [],
    on: () => () => undefined,
    shutdown: () => Promise.resolve(),
  };
}
