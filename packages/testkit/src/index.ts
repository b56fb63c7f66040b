export * from "./fake-models/index.ts";
export * from "./manual-clock.ts";
export * from "./memory-host.ts";
