/** What a person changes of a thread while it runs; whoever else is on it sees the change. */
import { AppError, type ModelChoice } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { offeredEfforts } from "../shared/efforts.ts";
import { type Fields, fields, filled, list } from "../shared/read.ts";
import { ServerRefusal } from "./link.ts";
import { changeTo, MODES } from "./modes.ts";
import type { Thread } from "./thread.ts";

const ASK_MS = 30_000;

export async function modelsOf(thread: Thread): Promise<ModelChoice[]> {
  return (await offered(thread))
    .filter((model) => model["hidden"] !== true)
    .map((model) => ({
      id: String(model["model"]),
      name: filled(model["displayName"]) ?? String(model["model"]),
      ...offeredEfforts(effortsOf(model)),
    }));
}

async function offered({ link }: Thread): Promise<Fields[]> {
  const said = fields(await asking(link?.request("model/list", {}, ASK_MS), "say which models it has"));
  return list(said["data"])
    .map(fields)
    .filter((model) => filled(model["model"]) !== undefined);
}

/** `supportedReasoningEfforts`: `{reasoningEffort, description}` each (0.171.0). */
const effortsOf = (model: Fields): string[] =>
  list(model["supportedReasoningEfforts"]).flatMap((one) => filled(fields(one)["reasoningEffort"]) ?? []);

export async function setMode({ emit }: DriverContext, thread: Thread, mode: string): Promise<void> {
  if (!MODES.some((known) => known === mode)) throw new AppError("invalid_mode");
  const { state } = thread;
  await change(thread, changeTo(mode, state.settings));
  // Known at once: the next change must not wait to hear that the plan was left, or begun.
  state.settings = { ...state.settings, isPlan: mode === "plan" };
  state.mode = mode;
  await thread.commit();
  emit({ type: "mode", mode });
}

/** Null: the one that the thread was begun with. */
export async function setModel({ emit }: DriverContext, thread: Thread, model: string | null): Promise<void> {
  const { state } = thread;
  const to = model ?? state.firstModel;
  await change(thread, { model: to });
  state.settings = { ...state.settings, model: to };
  await thread.commit();
  emit({ type: "model", model: to });
}

/** Null: its model's own. Codex takes any word and fails with the next turn (0.171.0), so it is compared with what the model offers. */
export async function setEffort({ emit }: DriverContext, thread: Thread, effort: string | null): Promise<void> {
  const { state } = thread;
  const model = (await offered(thread)).find((one) => one["model"] === state.settings.model);
  const to = effort ?? filled(model?.["defaultReasoningEffort"]) ?? null;
  if (to === null)
    throw new AppError("apply_failed", `Codex does not say how hard ${state.settings.model} thinks by itself; choose a word of its own`);
  const efforts = model ? effortsOf(model) : [];
  if (model && !efforts.includes(to))
    throw new AppError("apply_failed", `${state.settings.model} knows no effort "${to}"; it offers ${efforts.join(", ") || "no choice"}`);
  await change(thread, { effort: to });
  state.settings = { ...state.settings, effort: to };
  await thread.commit();
  emit({ type: "effort", effort });
}

async function change({ link, state }: Thread, settings: Record<string, unknown>): Promise<void> {
  await asking(link?.request("thread/settings/update", { threadId: state.threadId, ...settings }, ASK_MS), "take the change");
}

/** Its own no, as a sentence. */
async function asking(answer: Promise<unknown> | undefined, what: string): Promise<unknown> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof ServerRefusal)) throw cause;
    throw new AppError("apply_failed", `Codex did not ${what}: ${cause.message}`, { cause });
  }
}
