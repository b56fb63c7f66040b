/**
 * The environment of an agent: the user's own, without our credential and without the marks of another agent that may have started us.
 * Invariant: of everything that is HAPI's, an agent sees its session id and nothing else.
 */

export function buildAgentEnv(env: Readonly<Record<string, string | undefined>>, sessionId: string): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || isOurs(name)) continue;
    kept[name] = value;
  }
  kept["HAPI_SESSION_ID"] = sessionId;
  return kept;
}

function isOurs(name: string): boolean {
  return name === "CLAUDECODE" || name === "CLI_API_TOKEN" || name.startsWith("HAPI_");
}
