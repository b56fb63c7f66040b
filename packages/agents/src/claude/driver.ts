/** Claude Code as an agent of HAPI. */
import { permissionModesOf } from "@hapi/protocol";
import { homedir } from "node:os";
import { join } from "node:path";
import type { AgentDriver } from "../driver.ts";
import { createConversation } from "./conversation.ts";
import { claudeLine } from "./line.ts";
import { AGENT_NAME } from "./name.ts";
import { configDir, findTranscript } from "./paths.ts";
import { ownSystem, type System } from "./system.ts";
import { claudeVariables } from "./variables.ts";
import { VERSIONS } from "./vocabulary/versions.ts";

const facts: Pick<AgentDriver, "flavor" | "displayName" | "capabilities" | "verified" | "environment" | "commandLine"> = {
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
    setEffort: true,
    setPermissionMode: true,
    steer: true,
    fork: true,
  },
  verified: { versions: VERSIONS, how: "real" },
  environment: claudeVariables,
  commandLine: claudeLine,
};

/** `system`: the machine it is on, where that is not the real one. */
export const createClaudeDriver = (system: System): AgentDriver => ({
  ...facts,
  detect: system.detect,
  hasThread: (where, threadId) => findTranscript({ ...where, system }, threadId) !== undefined,
  ownPaths: ({ env }) => ({ folders: [configDir(env)], files: [join(env["HOME"] || homedir(), ".claude.json")] }),
  open: (context) => createConversation(context, { system }),
});

export const claudeDriver = createClaudeDriver(ownSystem);
