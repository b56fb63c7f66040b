/** What an agent says about itself in `initialize`, `session/new` and `session/load`: versions, modes, models; old and new dialect. */
import { isRecord } from "@hapi/core";
import type { ModelChoice } from "@hapi/protocol";
import { fields, filled, list, text } from "../shared/read.ts";
import type { AgentFacts } from "./state.ts";

export function factsOf(initialized: unknown, opened: unknown): AgentFacts {
  const hello = fields(initialized);
  const capabilities = fields(hello["agentCapabilities"]);
  const session = fields(opened);
  const mode = initialModeOf(opened);
  const facts: AgentFacts = {
    version: filled(fields(hello["agentInfo"])["version"]) ?? null,
    images: fields(capabilities["promptCapabilities"])["image"] === true,
    canLoad: capabilities["loadSession"] === true,
    canResume: isRecord(fields(capabilities["sessionCapabilities"])["resume"]),
    options: {},
    modes: list(fields(session["modes"])["availableModes"]).flatMap((mode) => filled(fields(mode)["id"]) ?? []),
    ...(mode === undefined ? {} : { mode }),
    modeOption: null,
    models: list(fields(session["models"])["availableModels"]).flatMap((model) => readModel(model, "modelId")),
    modelOption: null,
    model: filled(fields(session["models"])["currentModelId"]) ?? null,
  };
  applyConfigOptions(facts, session["configOptions"]);
  return facts;
}

/** The mode the agent begins in, in its own words. */
export function initialModeOf(opened: unknown): string | undefined {
  const session = fields(opened);
  return filled(fields(session["modes"])["currentModeId"]) ?? modeOptionValue(session["configOptions"]);
}

export function modeOptionValue(configOptions: unknown): string | undefined {
  return text(selectOf(configOptions, "mode")?.["currentValue"]);
}

export function applyConfigOptions(facts: AgentFacts, value: unknown): void {
  facts.options = { ...facts.options, ...Object.fromEntries(list(value).flatMap(currentOf)) };
  const model = selectOf(value, "model");
  if (model) {
    facts.modelOption = text(model["id"]) ?? null;
    facts.models = choicesOf(model).flatMap((choice) => readModel(choice, "value"));
    facts.model = text(model["currentValue"]) ?? facts.model;
  }
  const thought = selectOf(value, "thought_level");
  if (thought) {
    const values = choicesOf(thought).flatMap((choice) => filled(fields(choice)["value"]) ?? []);
    const current = text(thought["currentValue"]) ?? "";
    facts.thought = { option: String(thought["id"]), first: facts.thought?.first ?? current, value: current, values };
    facts.models = facts.models.map((one) => ({ ...one, efforts: values }));
  }
  const mode = selectOf(value, "mode");
  if (mode && facts.modes.length === 0) {
    facts.modeOption = text(mode["id"]) ?? null;
    facts.modes = choicesOf(mode).flatMap((choice) => filled(fields(choice)["value"]) ?? []);
  }
}

function currentOf(value: unknown): [string, string][] {
  const option = fields(value);
  const [id, current] = [filled(option["id"]), text(option["currentValue"])];
  return option["type"] === "select" && id !== undefined && current !== undefined ? [[id, current]] : [];
}

function selectOf(value: unknown, category: string) {
  return list(value)
    .map(fields)
    .find((option) => option["category"] === category && option["type"] === "select");
}

/** Options are a flat list or groups of them. */
function choicesOf(option: Readonly<Record<string, unknown>>): readonly unknown[] {
  return list(option["options"]).flatMap((choice) =>
    Array.isArray(fields(choice)["options"]) ? list(fields(choice)["options"]) : [choice],
  );
}

function readModel(value: unknown, idKey: string): ModelChoice[] {
  const model = fields(value);
  const id = filled(model[idKey]);
  return id === undefined ? [] : [{ id, name: filled(model["name"]) ?? id }];
}
