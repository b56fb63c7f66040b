/**
 * An agent may run `hapi`: what that starts to stay (a hub, a runner, another session's host) is nobody's left-over when the agent's own host is
 * killed. Imports nothing: it runs before every command.
 */
export function leaveFamily(env: Record<string, string | undefined>): void {
  delete env["HAPI_HOST_MARK"];
}
