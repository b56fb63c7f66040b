/** The face of this package before the first paint: finding a host and starting one, without the host itself and without a viewer. */
export { hostFile } from "./host-files.ts";
export { hostSocketName } from "./names.ts";
export { probeHost } from "./probe.ts";
export { startHost, type StartedHost, type StartHostOptions } from "./start-host.ts";
