/** Modes, models and efforts as the demo agent offers them over ACP, and how they are chosen. */
import { RequestError } from "@agentclientprotocol/sdk";
import { EFFORTS, INITIAL, MODELS, MODES } from "./offer.ts";
import { type DemoRecord, settingsOf } from "./record.ts";

export function facts(record: DemoRecord) {
  const { mode, model, effort } = settingsOf(record.lines, INITIAL);
  return {
    modes: { currentModeId: mode, availableModes: MODES.map((one) => ({ ...one })) },
    configOptions: [
      {
        id: "model",
        name: "Model",
        category: "model" as const,
        type: "select" as const,
        currentValue: model,
        options: MODELS.map(({ id, name }) => ({ value: id, name })),
      },
      {
        id: "effort",
        name: "Effort",
        category: "thought_level" as const,
        type: "select" as const,
        currentValue: effort,
        options: EFFORTS.map((value) => ({ value, name: value })),
      },
    ],
  };
}

export function setModel(record: DemoRecord, value: unknown): void {
  const model = MODELS.find((candidate) => candidate.id === value);
  if (!model) throw RequestError.invalidParams(undefined, `unknown model ${String(value)}`);
  record.append({ t: "set", model: model.id });
}

export function setOption(record: DemoRecord, id: string, value: unknown): void {
  if (id === "model") return setModel(record, value);
  if (id === "effort") return setEffort(record, value);
  throw RequestError.invalidParams(undefined, `unknown option ${id}`);
}

function setEffort(record: DemoRecord, value: unknown): void {
  const effort = EFFORTS.find((candidate) => candidate === value);
  if (!effort) throw RequestError.invalidParams(undefined, `unknown effort ${String(value)}`);
  record.append({ t: "set", effort });
}

export const parseSetModel = (params: unknown): { sessionId: string; modelId: string } => {
  if (params !== null && typeof params === "object" && "sessionId" in params && "modelId" in params) {
    return { sessionId: String(params.sessionId), modelId: String(params.modelId) };
  }
  throw RequestError.invalidParams();
};
