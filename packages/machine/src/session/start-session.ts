/** How a session whose file is on disk is started, whoever starts it (a terminal, the runner): its host, which runs the session process. Loads little. */
import { startHost, type StartedHost, type StartHostOptions } from "@hapi/host/start";
import { HUB_ACCESS_FILE, leaveHubAccess, selfCommand, sessionDir, withoutHubAccess } from "@hapi/platform/lean";
import { join } from "node:path";
import type { SessionFile } from "./session-file.ts";

/**
 * `env`: what the session process gets, and its agent as the session's file says; what the hub is told by, in a file of the session's folder.
 * Joins the host that lives.
 */
export function startSession(
  { sessionId, cwd }: SessionFile,
  options: Pick<StartHostOptions, "home" | "env" | "first" | "waiting">,
): Promise<StartedHost> {
  const { home, env } = options;
  return startHost({
    ...options,
    env: withoutHubAccess(env),
    beforeLaunch: () => leaveHubAccess(join(sessionDir(home, sessionId), HUB_ACCESS_FILE), home, env),
    sessionId,
    cwd,
    sessionArgv: selfCommand("__session"),
  });
}
