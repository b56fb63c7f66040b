/** A host as somebody else sees it: the same one, but what is spawned goes another way. */
import type { HostControl } from "@hapi/host";

export function forwardingHost(host: HostControl, spawn: HostControl["spawn"]): HostControl {
  return {
    get sessionId() {
      return host.sessionId;
    },
    get hostPid() {
      return host.hostPid;
    },
    spawn,
    processes: () => host.processes(),
    process: (launchId) => host.process(launchId),
    setDisplay: (display) => host.setDisplay(display),
    draw: (text, options) => host.draw(text, options),
    viewers: () => host.viewers(),
    on: (event, listener) => host.on(event, listener),
    shutdown: (options) => host.shutdown(options),
  };
}
