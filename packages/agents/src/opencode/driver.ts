/** OpenCode as an agent of HAPI. */
import { permissionModesOf } from "@hapi/protocol";
import type { AgentDriver } from "../driver.ts";
import { opencodeLine } from "./argv.ts";
import { OpenCodeConversation } from "./conversation.ts";
import { detectOpenCode, VERSIONS } from "./detect.ts";
import { AGENT_NAME, FLAVOR } from "./name.ts";
import { opencodeVariables } from "./variables.ts";

const permissionModes = permissionModesOf(FLAVOR);

export const opencodeDriver: AgentDriver = {
  flavor: FLAVOR,
  displayName: AGENT_NAME,
  capabilities: {
    control: "shared",
    permissionModes,
    models: [],
    setModel: true,
    setEffort: true,
    setPermissionMode: true,
    steer: false,
    fork: true,
  },
  environment: opencodeVariables,
  verified: { versions: VERSIONS, how: "real" },
  commandLine: opencodeLine,
  detect: detectOpenCode,
  open: (context) => new OpenCodeConversation(context, permissionModes),
};
