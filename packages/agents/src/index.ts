export * from "./driver.ts";
export { isSecretValue, type EnvironmentKind, type EnvironmentVariable } from "./environment.ts";
export * from "./registry.ts";
export { createAcpDriver } from "./acp/driver.ts";
export type { AcpProfile } from "./acp/profile.ts";
