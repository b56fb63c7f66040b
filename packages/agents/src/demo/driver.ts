/** The demo agent as a driver: an ACP profile like any other. */
import { selfCommand } from "@hapi/platform/lean";
import { createAcpDriver } from "../acp/driver.ts";
import type { AgentDriver } from "../driver.ts";
import { MODELS } from "./offer.ts";

/** Settings of the demo itself; an agent's environment otherwise holds nothing that is named after us. */
const OWN_VARIABLES = ["HAPI_DEMO_DIR", "HAPI_DEMO_SPEED"] as const;

export function createDemoDriver(options: { command?: readonly string[] } = {}): AgentDriver {
  return createAcpDriver({
    flavor: "demo",
    displayName: "Demo agent",
    command: () => options.command ?? selfCommand("demo", "acp"),
    env: () => Object.fromEntries(OWN_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
    retry: "flag",
    denyReason: "meta",
    capabilities: { models: MODELS.map(({ id, name }) => ({ id, name })) },
  });
}

export const demoDriver: AgentDriver = createDemoDriver();
