/** What a person changes of a thread while it runs; whoever else is on it sees the change. */
import { AppError } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { fields, filled, list } from "../shared/read.ts";
import { ServerRefusal } from "./link.ts";
import { changeTo, MODES } from "./modes.ts";
import type { Thread } from "./thread.ts";

const ASK_MS = 30_000;

export interface Model {
  id: string;
  name: string;
}

export async function modelsOf({ link }: Thread): Promise<Model[]> {
  const said = fields(await asking(link?.request("model/list", {}, ASK_MS), "say which models it has"));
  return list(said["data"])
    .map(fields)
    .filter((model) => model["hidden"] !== true && filled(model["model"]) !== undefined)
    .map((model) => ({ id: String(model["model"]), name: filled(model["displayName"]) ?? String(model["model"]) }));
}

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
