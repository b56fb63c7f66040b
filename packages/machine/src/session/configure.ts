/** What a person chooses of a session while it is there: mode, model, effort, and whether it tries again by itself. */
import type { AgentCapabilities } from "@hapi/protocol";
import { AppError, normalizePermissionMode, toAppError } from "@hapi/protocol";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { InForce } from "./in-force.ts";
import type { Settings } from "./ledger-state.ts";
import type { Retrying } from "./retrying.ts";
import type { ConfigChange, SessionActions } from "./rpc.ts";
import type { OpenSessionFile } from "./session-file.ts";

export interface ConfigureDeps {
  supervisor: AgentSupervisor;
  sessionFile: OpenSessionFile;
  inForce: InForce;
  retrying: Retrying;
  capabilities: AgentCapabilities;
  /** What is shown at the hub changed. */
  changed(): void;
}

const CONFIGURABLE = new Set(["permissionMode", "model", "effort", "autoRetry"]);

/** Before anything is changed: what can't be changed here is refused, never passed over. */
function refuseUnknown(change: ConfigChange, { setEffort }: AgentCapabilities): void {
  const unknown = Object.keys(change).find((name) => !CONFIGURABLE.has(name) || (name === "effort" && !setEffort));
  if (unknown !== undefined) throw new AppError("unsupported_flavor", `This agent's "${unknown}" can't be changed while it runs`);
}

interface Choice {
  /** In the sentence that says that the agent did not take it. */
  name: string;
  setting: Settings;
  ask(): Promise<void>;
}

/**
 * Writes the choice down, for every start from then on. An agent that is just being started was given what was written before: it is asked once it is
 * there. Between the look at the supervisor and the writing nothing is waited for.
 */
async function choose({ supervisor, inForce }: ConfigureDeps, { name, setting, ask }: Choice): Promise<void> {
  while (supervisor.moving) await supervisor.still();
  if (supervisor.front !== null) {
    try {
      await ask();
    } catch (cause) {
      const error = toAppError(cause);
      throw error.code === "internal" ? new AppError("apply_failed", `The agent did not take the ${name}`, { cause }) : error;
    }
  }
  inForce.chosen(setting);
}

export function createConfigure(deps: ConfigureDeps): SessionActions["configure"] {
  const { supervisor, sessionFile, capabilities } = deps;

  function modeChoice(asked: string): Choice {
    const permissionMode = normalizePermissionMode(sessionFile.value.flavor, asked);
    if (!permissionMode) throw new AppError("invalid_mode");
    const ask = () => supervisor.conversation.setPermissionMode(permissionMode);
    return { name: "permission mode", setting: { permissionMode }, ask };
  }

  function modelChoice(asked: string | null): Choice {
    if (!capabilities.setModel) throw new AppError("unsupported_flavor");
    const model = asked === "default" || asked === "auto" ? null : asked;
    return { name: "model", setting: { model }, ask: () => supervisor.conversation.setModel(model) };
  }

  const effortChoice = (effort: string | null): Choice => ({
    name: "effort",
    setting: { effort },
    ask: () => supervisor.conversation.setEffort(effort),
  });

  return async (change) => {
    refuseUnknown(change, capabilities);
    const applied: Record<string, unknown> = {};
    const make = async (choice: Choice) => {
      await choose(deps, choice);
      Object.assign(applied, choice.setting);
    };
    if (change.permissionMode !== undefined) await make(modeChoice(change.permissionMode));
    if (change.model !== undefined) await make(modelChoice(change.model));
    if (change.effort !== undefined) await make(effortChoice(change.effort));
    if (change.autoRetry !== undefined) {
      sessionFile.update({ autoRetry: change.autoRetry });
      await (change.autoRetry ? deps.retrying.allowed() : deps.retrying.cancel());
      applied["autoRetry"] = change.autoRetry;
    }
    deps.changed();
    return applied;
  };
}
