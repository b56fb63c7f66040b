/** Claude Code as an agent of HAPI. */
import { permissionModesOf } from "@hapi/protocol";
import type { AgentDriver } from "../driver.ts";
import { createConversation } from "./conversation.ts";
import { detectClaude } from "./detect.ts";
import { claudeLine } from "./line.ts";
import { AGENT_NAME } from "./name.ts";
import { findTranscript } from "./paths.ts";
import { claudeVariables } from "./variables.ts";

export const claudeDriver: AgentDriver = {
  flavor: "claude",
  displayName: AGENT_NAME,
  capabilities: {
    control: "switch",
    permissionModes: permissionModesOf("claude"),
    models: [
      { id: "default", name: "Default" },
      { id: "opus", name: "Opus" },
      { id: "sonnet", name: "Sonnet" },
      { id: "haiku", name: "Haiku" },
    ],
    setModel: true,
    setPermissionMode: true,
    steer: true,
    fork: true,
  },
  environment: claudeVariables,
  detect: detectClaude,
  hasThread: ({ env, cwd }, threadId) => findTranscript(env, cwd, threadId) !== undefined,
  commandLine: claudeLine,
  open: createConversation,
};
