/** HAPI's permission modes and the agent's own. An agent without modes is held to HAPI's by the session's policy (`policyKind` of a request). */
import type { AcpProfile } from "./profile.ts";
import type { AgentFacts } from "./state.ts";

export function agentMode(profile: AcpProfile, mode: string): string {
  return profile.modes?.[mode] ?? mode;
}

/** The HAPI name of what the agent is in: its mode, and the options that are part of one. Null when it has no mode. */
export function hapiMode(profile: AcpProfile, agentModeId: string | undefined, options: AgentFacts["options"] = {}): string | null {
  if (agentModeId === undefined) return null;
  const named = Object.entries(profile.modes ?? {}).filter(([, id]) => id === agentModeId);
  const exact = named.find(([mode]) => optionsOf(profile, mode, options).every(({ id, value }) => options?.[id] === value));
  if (exact ?? named[0]) return (exact ?? named[0])?.[0] ?? null;
  return profile.modes?.[agentModeId] === undefined ? agentModeId : null;
}

/** Does the agent itself apply this mode? If not, the session's policy does. */
export function appliesMode(profile: AcpProfile, facts: AgentFacts, mode: string | null): boolean {
  if (mode === null || !facts.modes.includes(agentMode(profile, mode))) return false;
  // A mode that is the asking one and an option is the agent's only where it has that option.
  return Object.entries(profile.modeOptions ?? {}).every(
    ([id, option]) => !option.modes.includes(mode) || facts.options?.[id] !== undefined,
  );
}

/** What the agent's options are in this mode, of those it has. */
export function optionsOf(profile: AcpProfile, mode: string, has: AgentFacts["options"]): { id: string; value: string }[] {
  return Object.entries(profile.modeOptions ?? {}).flatMap(([id, option]) =>
    has?.[id] === undefined ? [] : [{ id, value: option.modes.includes(mode) ? option.on : option.off }],
  );
}
