export * from "./manual-clock.ts";
export * from "./memory-host.ts";
