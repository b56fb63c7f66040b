/** The whole face. Processes that must stay tiny import `@hapi/platform/lean` instead. */
export * from "./lean.ts";
export * from "./journal.ts";
export * from "./line-server.ts";
export * from "./log.ts";
export * from "./redact.ts";
export * from "./secret-detectors.ts";
export * from "./serve.ts";
export * from "./sqlite.ts";
export * from "./checkpointer.ts";
export * from "./sqlite-copy.ts";
