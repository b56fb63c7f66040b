/** What a person chooses for a driven Claude: mode, model and effort. Claude is asked, and what it refuses is not changed. */
import { AppError, type ModelChoice } from "@hapi/protocol";
import type { Conversation } from "../driver.ts";
import { type Control, ControlRefused } from "./control.ts";
import type { Core } from "./core.ts";
import { claudeEnv, requireBypass } from "./environment.ts";
import type { Fronts } from "./fronts.ts";
import { isJson, type Json, list, obj, str } from "./json.ts";
import { offeredEfforts } from "../shared/efforts.ts";

/** What the protocol takes; HAPI offers fewer. */
const CLAUDE_MODES: ReadonlySet<string> = new Set(["default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"]);

export interface Choices {
  /** What of a conversation they are. */
  offered: Pick<Conversation, "setPermissionMode" | "setModel" | "setEffort" | "listModels">;
  /** Claude's answer to `initialize` names its models. */
  begun(answer: Json): void;
}

export function createChoices({ context, setMode }: Pick<Core, "context" | "setMode">, fronts: Fronts): Choices {
  let models: ModelChoice[] = [];
  const offered: Choices["offered"] = {
    async setPermissionMode(mode) {
      const { control } = fronts.remote();
      if (!CLAUDE_MODES.has(mode)) throw new AppError("invalid_mode");
      if (mode === "bypassPermissions") requireBypass(claudeEnv(context.env));
      await apply(control, "set_permission_mode", { mode });
      setMode(mode);
    },
    async setModel(model) {
      await apply(fronts.remote().control, "set_model", { model: model ?? "default" });
      context.emit({ type: "model", model });
    },
    async setEffort(effort) {
      const { control } = fronts.remote();
      const known = new Set(models.flatMap(({ efforts }) => efforts ?? []));
      // Claude takes any word, and forgets what was in force for one that it does not know (2.1.332).
      if (effort !== null && known.size > 0 && !known.has(effort)) throw noSuchEffort(effort, known);
      await apply(control, "apply_flag_settings", { settings: { effortLevel: effort } });
      const inForce = str(obj((await control.request("get_settings"))["applied"])["effort"]);
      if (effort !== null && inForce !== undefined && inForce !== effort) throw noSuchEffort(effort, known);
      context.emit({ type: "effort", effort });
    },
    async listModels() {
      const { running } = fronts;
      if (running?.front !== "remote") return models;
      models = modelsOf((await running.now.control.request("list_models"))["models"]);
      return models;
    },
  };
  return {
    offered,
    begun(answer) {
      models = modelsOf(answer["models"]);
      context.emit({ type: "facts", models });
    },
  };
}

const noSuchEffort = (effort: string, known: ReadonlySet<string>): AppError =>
  new AppError("apply_failed", `Claude Code does not work with the effort "${effort}"; it offers ${[...known].join(", ") || "no choice"}`);

/** @throws AppError `apply_failed`, in Claude's own words */
async function apply(control: Control, subtype: string, choice: Json): Promise<void> {
  try {
    await control.request(subtype, choice);
  } catch (cause) {
    throw cause instanceof ControlRefused ? new AppError("apply_failed", cause.message, { cause }) : cause;
  }
}

function modelsOf(value: unknown): ModelChoice[] {
  return list(value)
    .filter(isJson)
    .map((model) => ({
      id: str(model["value"]) ?? "",
      name: str(model["displayName"]) ?? str(model["value"]) ?? "",
      ...offeredEfforts(list(model["supportedEffortLevels"])),
    }))
    .filter((model) => model.id !== "");
}
