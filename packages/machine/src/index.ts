export * from "./files/index.ts";
export * from "./outbox/index.ts";
export * from "./runner/index.ts";
export * from "./session/index.ts";
