export { ACK_GRACE_MS } from "./acks.ts";
export { type CliRest, type CliRestOptions, createCliRest, type HubAddress, type Registration } from "./cli-rest.ts";
export type { ConnectionListeners, Dial, DialOptions, LinkSocket, RpcHandler } from "./connection.ts";
export { connectMachine, type LineState, type MachineLink, type MachineLinkOptions } from "./machine-link.ts";
export { type AliveFacts, createSessionLink, type SessionLink, type SessionLinkOptions, type StageReport } from "./session-link.ts";
export { type RpcHandlers, servedRpc } from "./served-rpc.ts";
export { updateVersioned, type VersionedAnswer, type VersionedState } from "./versioned.ts";
