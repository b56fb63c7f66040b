/** How a session whose record is on disk is started, whoever starts it (a terminal, the runner): its host, which runs the session process. Loads little. */
import { startHost, type StartedHost, type StartHostOptions } from "@hapi/host/start";
import { selfCommand } from "@hapi/platform/lean";
import type { SessionRecord } from "./record.ts";

/** `env`: what the session process gets, and its agent as the session's record says. Joins the host that lives. */
export function startSession(
  { sessionId, cwd }: SessionRecord,
  options: Pick<StartHostOptions, "home" | "env" | "first" | "waiting">,
): Promise<StartedHost> {
  return startHost({ ...options, sessionId, cwd, sessionArgv: selfCommand("__session") });
}
