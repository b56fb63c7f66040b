/** Claude Code as an agent of HAPI. */
import { permissionModesOf } from "@hapi/protocol";
import type { AgentDriver } from "../driver.ts";
import { ownBusiness, readArgs, threadAsked } from "./argv.ts";
import { commands } from "./command-line.ts";
import { createConversation } from "./conversation.ts";
import { detectClaude, locateClaude } from "./detect.ts";
import { isUuid } from "./ids.ts";
import { newestThread } from "./paths.ts";
import { claudeVariables } from "./variables.ts";

export const claudeDriver: AgentDriver = {
  flavor: "claude",
  displayName: "Claude Code",
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
    interrupt: true,
    steer: true,
    images: true,
    todos: true,
    questions: true,
    plans: true,
    fork: true,
    resume: true,
    answerWhileLocal: true,
    usage: "dollars",
  },
  environment: claudeVariables,
  detect: detectClaude,
  commandLine: {
    locate: locateClaude,
    ownBusiness,
    isCommand: (word) => commands.has(word),
    yolo: ["--dangerously-skip-permissions"],
    threadAsked(words, { env, cwd }) {
      const asked = threadAsked(readArgs(words));
      if (!asked.chosen) return null;
      const named = asked.threadId !== undefined && isUuid(asked.threadId) ? asked.threadId : null;
      return { threadId: named ?? (asked.newest ? newestThread(env, cwd) : null), fork: asked.fork };
    },
  },
  open: createConversation,
};
