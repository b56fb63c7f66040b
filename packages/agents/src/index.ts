export * from "./driver.ts";
export * from "./registry.ts";
export { createAcpDriver } from "./acp/driver.ts";
export type { AcpProfile } from "./acp/profile.ts";
export { runDemoAgent, serveDemoOnStdio } from "./demo/agent.ts";
export { demoProgram } from "./demo/program.ts";
