/** The models of the providers that OpenCode knows, by `provider/model`. It takes seconds to say them, so nothing but a choice waits for that. */
import { AppError, type ModelChoice } from "@hapi/protocol";
import { offeredEfforts } from "../shared/efforts.ts";
import { fields, filled, list, number } from "../shared/read.ts";
import type { Api } from "./api.ts";
import { AGENT_NAME } from "./name.ts";

export interface Models {
  list: ModelChoice[];
  /** How much fits, where it is known. */
  windows: ReadonlyMap<string, number>;
  /** Its own choice where nobody made one. */
  byDefault: string | null;
}

export async function readModels(api: Api): Promise<Models> {
  const said = fields(await api.get("/config/providers"));
  const models = list(said["providers"]).flatMap((one) => {
    const { id: provider, models: own } = fields(one);
    return Object.entries(fields(own)).map(([id, model]) => ({ id: `${String(provider)}/${id}`, model: fields(model) }));
  });
  const windows = models.flatMap(({ id, model }) => {
    const window = number(fields(model["limit"])["context"]);
    return window ? [[id, window] as const] : [];
  });
  const configured = filled(fields(await api.get("/config"))["model"]);
  const [first] = Object.entries(fields(said["default"]));
  return {
    list: models.map(({ id, model }) => ({
      id,
      name: filled(model["name"]) ?? id,
      ...offeredEfforts(Object.keys(fields(model["variants"]))),
    })),
    windows: new Map(windows),
    byDefault: configured ?? (first ? `${first[0]}/${String(first[1])}` : null),
  };
}

/** Of what is on offer; null asks for OpenCode's own choice. */
export function chooseModel(models: Models, model: string | null): string {
  const wanted = model ?? models.byDefault;
  if (wanted !== null && models.list.some(({ id }) => id === wanted)) return wanted;
  throw new AppError("apply_failed", `${AGENT_NAME} offers no model "${wanted ?? "default"}"; choose one of its list`);
}

/** A variant of the model that is in force: what OpenCode knows of how hard a model thinks. It runs a prompt without one it does not know (1.18.33). */
export function chooseEffort(models: Models, model: string | null, effort: string | null): string | null {
  const inForce = model ?? models.byDefault;
  const efforts = models.list.find(({ id }) => id === inForce)?.efforts ?? [];
  if (effort === null || efforts.includes(effort)) return effort;
  throw new AppError(
    "apply_failed",
    `${inForce ?? "This model"} knows no effort "${effort}"; it offers ${efforts.join(", ") || "no choice"}`,
  );
}

export const offersEffort = (models: Models, model: string, effort: string): boolean =>
  models.list.find(({ id }) => id === model)?.efforts?.includes(effort) ?? false;
