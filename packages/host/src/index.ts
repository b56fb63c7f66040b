/** Loads no npm package, so that the host and the viewer stay tiny. */
export { connectHost } from "./control.ts";
export {
  hostAddressFromEnv,
  hostEnv,
  hostFile,
  hostMarkIn,
  leaveMark,
  readHostAddress,
  readHostMark,
  removeMark,
  type HostAddress,
  type HostMark,
} from "./host-files.ts";
export { MARK_VARIABLE } from "./family-file.ts";
export { runHost } from "./host-main.ts";
export { endLeftBehind, type LeftBehind } from "./left-behind.ts";
export type { HostFacts, ProcessFacts } from "./messages.ts";
export * from "./port.ts";
export { TypedLineReader } from "./typed-line.ts";
export { probeHost, shutdownHost } from "./probe.ts";
export { startHost, type StartedHost, type StartHostOptions, whileHostless } from "./start-host.ts";
export { runViewer, type ViewerEnd, type ViewerOptions } from "./viewer.ts";
