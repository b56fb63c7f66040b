export * from "./hub-client.ts";
export * from "./start-test-hub.ts";
