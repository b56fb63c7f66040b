/** The demo agent as a driver: the generic ACP driver, plus its own front end in the terminal. */
import { selfCommand } from "@hapi/platform/lean";
import { createAcpDriver } from "../acp/driver.ts";
import type { AgentDriver } from "../driver.ts";
import { demoDir } from "./agent.ts";
import { DemoConversation } from "./conversation.ts";
import { answersDir } from "./local-front.ts";
import { demoEnv, demoProfile } from "./profile.ts";

/** `command` replaces the words that start its programs (`acp` and `tui` are added); for tests. */
export function createDemoDriver(options: { command?: readonly string[] } = {}): AgentDriver {
  const program = (word: string) => (options.command ? [...options.command, word] : selfCommand("demo", word));
  const remote = createAcpDriver({ ...demoProfile, command: () => program("acp") });
  const ownPaths: AgentDriver["ownPaths"] = ({ env, sessionDir }) => ({
    folders: [demoDir(demoEnv(env)), answersDir(sessionDir)],
    files: [],
  });
  return {
    ...remote,
    verified: { versions: [], how: "own" },
    ownPaths,
    open: (context) => new DemoConversation(remote.open(context), context, program("tui")),
  };
}

export const demoDriver: AgentDriver = createDemoDriver();
