/** What a person chooses for a driven Claude: mode and model. Claude is asked, and what it refuses is not changed. */
import { AppError } from "@hapi/protocol";
import type { Conversation } from "../driver.ts";
import { type Control, ControlRefused } from "./control.ts";
import type { Core } from "./core.ts";
import { claudeEnv, requireBypass } from "./environment.ts";
import type { Fronts } from "./fronts.ts";
import { isJson, type Json, list, str } from "./json.ts";

/** What the protocol takes; HAPI offers fewer. */
const CLAUDE_MODES: ReadonlySet<string> = new Set(["default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"]);

type Model = { id: string; name: string };

export interface Choices extends Pick<Conversation, "setPermissionMode" | "setModel" | "listModels"> {
  /** Claude's answer to `initialize` names its models. */
  begun(answer: Json): void;
}

export function createChoices({ context, setMode }: Pick<Core, "context" | "setMode">, fronts: Fronts): Choices {
  let models: Model[] = [];
  return {
    begun(answer) {
      models = modelsOf(answer["models"]);
      context.emit({ type: "facts", models });
    },
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
    async listModels() {
      const { running } = fronts;
      if (running?.front !== "remote") return models;
      models = modelsOf((await running.now.control.request("list_models"))["models"]);
      return models;
    },
  };
}

/** @throws AppError `apply_failed`, in Claude's own words */
async function apply(control: Control, subtype: string, choice: Json): Promise<void> {
  try {
    await control.request(subtype, choice);
  } catch (cause) {
    throw cause instanceof ControlRefused ? new AppError("apply_failed", cause.message, { cause }) : cause;
  }
}

function modelsOf(value: unknown): Model[] {
  return list(value)
    .filter(isJson)
    .map((model) => ({ id: str(model["value"]) ?? "", name: str(model["displayName"]) ?? str(model["value"]) ?? "" }))
    .filter((model) => model.id !== "");
}
