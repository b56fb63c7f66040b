/** What a person chooses of an OpenCode conversation: OpenCode is told with every prompt, and the driver keeps it. */
import type { DriverContext, StartOptions } from "../driver.ts";
import { type Line, readLine } from "./argv.ts";
import type { ServerLink } from "./link.ts";
import { chooseEffort, chooseModel, type Models, offersEffort } from "./models.ts";
import type { OpenCodeState } from "./state.ts";

/** What was asked for stands; the words of the command line count where nothing else was said. False: there is no such mode, and nothing is chosen. */
export function choose(state: OpenCodeState, options: StartOptions, modes: readonly string[]): boolean {
  const line = readLine(options.args);
  const mode = options.permissionMode ?? modeOf(line);
  if (mode !== undefined && !modes.includes(mode)) return false;
  state.mode = mode ?? state.mode;
  state.model = options.model ?? line.of("model").at(-1)?.value ?? state.model;
  state.effort = options.effort ?? state.effort ?? null;
  return true;
}

function modeOf(line: Line): string | undefined {
  if (line.of("agent").at(-1)?.value === "plan") return "plan";
  return line.of("mode").length > 0 ? "yolo" : undefined;
}

/** An effort that the new model does not know is not in force any more. */
export async function setModel({ emit }: DriverContext, link: ServerLink, asked: { models: Models; model: string | null }): Promise<void> {
  const model = chooseModel(asked.models, asked.model);
  const { effort } = link.state;
  const isKept = !effort || offersEffort(asked.models, model, effort);
  link.state.model = model;
  if (!isKept) link.state.effort = null;
  await link.commit();
  emit({ type: "model", model });
  if (!isKept) emit({ type: "effort", effort: null });
}

export async function setEffort(
  { emit }: DriverContext,
  link: ServerLink,
  { models, effort }: { models: Models; effort: string | null },
): Promise<void> {
  link.state.effort = chooseEffort(models, link.state.model, effort);
  await link.commit();
  emit({ type: "effort", effort });
}
