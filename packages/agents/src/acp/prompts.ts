/** What was handed to the agent, by the client's own prompt ids: the driver's memory against handing anything twice. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError, type Attachment } from "@hapi/protocol";
import type { DriverContext, DriverMemory, DriverPrompt } from "../driver.ts";
import { readEarlier } from "../shared/earlier.ts";
import type { AcpProfile } from "./profile.ts";

const HANDED_KEY = "acp.handed";
const PROMPT_KEY = "acp.prompt";
/** Older ones are finished, and the session's own ledger knows them. */
const MAX_HANDED = 500;
const MAX_IMAGE_BYTES = 10 * 1024 * 1024;

/** `lost`: the process ended before it showed a sign of the prompt. */
type Fate = "handed" | "lost";

export function fateOf(memory: DriverMemory, localId: string): Fate | undefined {
  return Object.fromEntries(memory.get<[string, Fate][]>(HANDED_KEY) ?? [])[localId];
}

/** Values for a commit. */
export function withFate(memory: DriverMemory, localId: string, fate: Fate | null): Record<string, unknown> {
  const others = (memory.get<[string, Fate][]>(HANDED_KEY) ?? []).filter(([id]) => id !== localId);
  return { [HANDED_KEY]: fate === null ? others : [...others, [localId, fate]].slice(-MAX_HANDED) };
}

/** What the agent's own record says, where it can be asked. */
export function findPrompt(
  context: DriverContext,
  profile: AcpProfile,
  threadId: string,
  localId: string,
): "present" | "absent" | "unknown" {
  return profile.findPrompt?.({ ...context.env, ...profile.env?.(context.env) }, threadId, localId) ?? "unknown";
}

export const rememberPrompt = (prompt: DriverPrompt): Record<string, unknown> => ({ [PROMPT_KEY]: prompt });
export const lastPrompt = (memory: DriverMemory): DriverPrompt | undefined => memory.get<DriverPrompt>(PROMPT_KEY);

/** The content blocks of `session/prompt`. What is not the person's words comes first, each as a block of its own; notes are reasons of denials. */
export async function promptBlocks(prompt: DriverPrompt, options: { images: boolean; notes: readonly string[] }): Promise<unknown[]> {
  const notes = options.notes.length > 0 ? [{ type: "text", text: options.notes.join("\n") }] : [];
  const files = await Promise.all(prompt.attachments.map((attachment) => block(attachment, options.images)));
  const earlier = prompt.earlier === undefined ? [] : [{ type: "text", text: await readEarlier(prompt.earlier) }];
  return [...earlier, ...notes, { type: "text", text: prompt.text }, ...files];
}

async function block(attachment: Attachment, images: boolean): Promise<unknown> {
  const { path, mimeType, filename } = attachment;
  const link = { type: "resource_link", uri: pathToFileURL(path).href, name: filename || basename(path), mimeType };
  if (!images || !mimeType.startsWith("image/")) return link;
  try {
    if ((await stat(path)).size > MAX_IMAGE_BYTES) return link;
    return { type: "image", mimeType, data: (await readFile(path)).toString("base64") };
  } catch (cause) {
    throw new AppError("not_found", `The attachment ${filename} can't be read`, { cause });
  }
}
