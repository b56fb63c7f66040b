/** Codex as an agent of HAPI: its app server and its own screen on one thread. */
import type { AgentDriver } from "../driver.ts";
import { CodexConversation } from "./conversation.ts";
import { codexLine } from "./line.ts";
import { openSocket, type OpenWire } from "./link.ts";
import { MODES } from "./modes.ts";
import { detect, versionOf, VERSIONS } from "./program.ts";
import { codexVariables } from "./variables.ts";

/** `open`: how its socket is reached, where that is not the real one. */
export const createCodexDriver = (open: OpenWire): AgentDriver => ({
  flavor: "codex",
  displayName: "Codex",
  capabilities: {
    control: "shared",
    permissionModes: MODES,
    models: [],
    setModel: true,
    setEffort: true,
    setPermissionMode: true,
    steer: true,
    fork: true,
  },
  verified: { versions: VERSIONS, how: "real" },
  environment: codexVariables,
  commandLine: codexLine,
  detect: (env, known) => Promise.resolve(detect(env, known)),
  askVersion: versionOf,
  open: (context) => new CodexConversation(context, open),
});

export const codexDriver = createCodexDriver(openSocket);
