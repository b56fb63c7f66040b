/** The demo agent as an ACP profile. */
import { selfCommand } from "@hapi/platform/lean";
import type { AcpProfile } from "../acp/profile.ts";
import { demoDir } from "./agent.ts";
import { MODELS } from "./offer.ts";
import { openRecord } from "./record.ts";

/** Settings of the demo itself; an agent's environment otherwise holds nothing that is named after us. */
const OWN_VARIABLES = ["HAPI_DEMO_DIR", "HAPI_DEMO_SPEED", "HAPI_DEMO_REQUESTS"] as const;

export function demoEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const own = OWN_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(own), ...env };
}

export const demoProfile: AcpProfile = {
  flavor: "demo",
  displayName: "Demo agent",
  command: () => selfCommand("demo", "acp"),
  env: demoEnv,
  retry: "flag",
  findPrompt(env, threadId, promptId) {
    const record = openRecord(demoDir(env), threadId);
    record?.close();
    return record?.lines.some((line) => line.t === "user" && line.promptId === promptId) ? "present" : "absent";
  },
  denyReason: "meta",
  capabilities: { control: "switch", models: MODELS.map(({ id, name }) => ({ id, name })) },
};
