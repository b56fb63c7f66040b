export * from "./driver.ts";
export * from "./registry.ts";
export { createAcpDriver } from "./acp/driver.ts";
export type { AcpProfile } from "./acp/profile.ts";
