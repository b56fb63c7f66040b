/** HAPI's permission modes and the agent's own. An agent without modes is held to HAPI's by the session's policy (`policyKind` of a request). */
import type { AcpProfile } from "./profile.ts";
import type { AgentFacts } from "./state.ts";

export function agentMode(profile: AcpProfile, mode: string): string {
  return profile.modes?.[mode] ?? mode;
}

/** The HAPI name of the agent's mode; null when it has none. */
export function hapiMode(profile: AcpProfile, agentModeId: string | undefined): string | null {
  if (agentModeId === undefined) return null;
  const named = Object.entries(profile.modes ?? {}).find(([, id]) => id === agentModeId)?.[0];
  if (named) return named;
  return profile.modes?.[agentModeId] === undefined ? agentModeId : null;
}

/** Does the agent itself apply this mode? If not, the session's policy does. */
export function appliesMode(profile: AcpProfile, facts: AgentFacts, mode: string | null): boolean {
  return mode !== null && facts.modes.includes(agentMode(profile, mode));
}
