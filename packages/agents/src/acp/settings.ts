/** Changing what a running ACP agent works with. A refused change is `apply_failed`, and nothing is remembered of it. */
import { AppError } from "@hapi/protocol";
import type { AgentLink } from "./agent-link.ts";
import { failureOf, RpcFailure } from "./failure.ts";
import { agentMode, appliesMode, optionsOf } from "./modes.ts";

const SET_MS = 30_000;

/**
 * `modes`: HAPI's for this agent. One that the agent does not know is left to the session's policy, with the agent in its asking mode: one of which
 * nobody knows which of its modes asks may do more than the policy would, and is not left so.
 */
export async function setMode(link: AgentLink, modes: readonly string[], mode: string): Promise<void> {
  const { state, profile } = link;
  const isApplied = appliesMode(profile, state.facts, mode);
  if (!isApplied && !modes.includes(mode)) throw new AppError("invalid_mode");
  const target = isApplied ? mode : "default";
  await setAgentMode(link, agentMode(profile, target));
  for (const { id, value } of optionsOf(profile, target, state.facts.options)) {
    if (state.facts.options?.[id] === value) continue;
    await set(link, byOption(id, value));
    state.facts.options = { ...state.facts.options, [id]: value };
  }
  state.mode = mode;
  await link.commit();
}

async function setAgentMode(link: AgentLink, modeId: string): Promise<void> {
  const { facts } = link.state;
  if (facts.modes.includes(modeId)) {
    await set(link, byOption(facts.modeOption, modeId) ?? { method: "session/set_mode", params: { modeId } });
    facts.mode = modeId;
  } else if (facts.mode !== modeId && (facts.mode !== undefined || facts.modes.length > 0)) throw noSuchMode(link, modeId);
}

function noSuchMode({ profile, state: { facts } }: AgentLink, modeId: string): AppError {
  const now = facts.mode === undefined ? "" : `, and is in "${facts.mode}"`;
  const offered = facts.modes.map((mode) => `"${mode}"`).join(", ") || "no other";
  return new AppError(
    "apply_failed",
    `${profile.displayName} has no mode "${modeId}"${now}. It offers ${offered}: say in settings.json which of its modes asks before it acts ("agents", "${profile.flavor}", "modes": {"default": "…"}), and start it again`,
  );
}

/** @returns the model that is in force now */
export async function setModel(link: AgentLink, model: string | null): Promise<string> {
  const { facts } = link.state;
  const modelId = model ?? facts.models[0]?.id;
  if (modelId === undefined) throw new AppError("unsupported_flavor", `${link.profile.displayName} offers no choice of models`);
  await set(link, byOption(facts.modelOption, modelId) ?? { method: "session/set_model", params: { modelId } });
  facts.model = modelId;
  await link.commit();
  return modelId;
}

/** Null: what it thought with first. @returns the effort that is in force now */
export async function setEffort(link: AgentLink, effort: string | null): Promise<string> {
  const { facts } = link.state;
  const { thought } = facts;
  if (!thought) throw new AppError("unsupported_flavor", `${link.profile.displayName} offers no choice of how hard it thinks`);
  const to = effort ?? thought.first;
  if (!thought.values.includes(to))
    throw new AppError("apply_failed", `${link.profile.displayName} knows no effort "${to}"; it offers ${thought.values.join(", ")}`);
  await set(link, byOption(thought.option, to));
  facts.thought = { ...thought, value: to };
  await link.commit();
  return to;
}

interface Change {
  method: string;
  params: object;
}

/** Null: the agent has no option for it. */
function byOption(id: string, value: string): Change;
function byOption(id: string | null, value: string): Change | null;
function byOption(id: string | null, value: string): Change | null {
  return id === null ? null : { method: "session/set_config_option", params: { configId: id, value } };
}

async function set(link: AgentLink, { method, params }: Change): Promise<void> {
  try {
    await link.request(method, { sessionId: link.state.threadId, ...params }, { timeoutMs: SET_MS });
  } catch (cause) {
    if (cause instanceof RpcFailure)
      throw new AppError("apply_failed", `The agent did not take the change: ${failureOf(cause.error).message}`, { cause });
    throw cause;
  }
}
