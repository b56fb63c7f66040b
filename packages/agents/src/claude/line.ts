/** `hapi claude …` as `claude …`: what a line on the command line means. Loads nothing heavy: it stands before the first paint. */
import type { AgentCommandLine } from "../driver.ts";
import { ownBusiness, readArgs, threadAsked } from "./argv.ts";
import { commands } from "./command-line.ts";
import { locateClaude } from "./detect.ts";
import { isUuid } from "./ids.ts";
import { newestThread } from "./paths.ts";
import { ownSystem } from "./system.ts";

export const claudeLine: AgentCommandLine = {
  locate: locateClaude,
  ownBusiness,
  isCommand: (word) => commands.has(word),
  yolo: ["--dangerously-skip-permissions"],
  threadAsked(words, { env, cwd }) {
    const asked = threadAsked(readArgs(words));
    if (!asked.chosen) return null;
    const named = asked.threadId !== undefined && isUuid(asked.threadId) ? asked.threadId : null;
    return { threadId: named ?? (asked.newest ? newestThread({ env, cwd, system: ownSystem }) : null), fork: asked.fork };
  },
};
