export * from "./fake-models/index.ts";
export * from "./history-checker.ts";
export * from "./manual-clock.ts";
export * from "./memory-host.ts";
export * from "./same-screens.ts";
export * from "./tmux.ts";
export * from "./hub/index.ts";
