/** What was handed to Codex, by the client's own prompt ids, and what a prompt consists of there. Codex runs a repeated id twice (0.169.0): the thread is asked first. */
import { readFile } from "node:fs/promises";
import { AppError, type Attachment } from "@hapi/protocol";
import type { DriverMemory, DriverPrompt } from "../driver.ts";
import { readEarlier } from "../shared/earlier.ts";
import { fields, list, text } from "../shared/read.ts";
import type { ServerLink } from "./link.ts";
import type { CodexState } from "./state.ts";

export const HANDED_KEY = "codex.handed";
const MAX_HANDED = 500;
const LIST_MS = 30_000;
const PAGE = 100;

export const wasHanded = (memory: DriverMemory, localId: string): boolean => (memory.get<string[]>(HANDED_KEY) ?? []).includes(localId);

/** Values for a commit. */
export function withHanded(memory: DriverMemory, localId: string, handed: boolean): Record<string, unknown> {
  const others = (memory.get<string[]>(HANDED_KEY) ?? []).filter((id) => id !== localId);
  return { [HANDED_KEY]: handed ? [...others, localId].slice(-MAX_HANDED) : others };
}

const words = (said: string) => ({ type: "text", text: said, text_elements: [] });

export async function promptInput(prompt: DriverPrompt): Promise<unknown[]> {
  const earlier = prompt.earlier === undefined ? [] : [words(await readEarlier(prompt.earlier))];
  return [...earlier, words(prompt.text), ...prompt.attachments.map(attached)];
}

const attached = ({ path, filename, mimeType }: Attachment) =>
  mimeType.startsWith("image/") ? { type: "localImage", path } : { type: "mention", name: filename, path };

/** The newest first: a prompt that is looked for is one of the last. */
export async function findInThread(link: ServerLink, threadId: string, localId: string): Promise<"present" | "absent"> {
  for (let cursor: string | undefined; ;) {
    const page = fields(
      await link.request("thread/items/list", { threadId, limit: PAGE, sortDirection: "desc", ...(cursor ? { cursor } : {}) }, LIST_MS),
    );
    if (list(page["data"]).some((entry) => fields(fields(entry)["item"])["clientId"] === localId)) return "present";
    cursor = text(page["nextCursor"]);
    if (cursor === undefined || cursor === "") return "absent";
  }
}

/** Without a server: the thread's file on disk, in which the id of a prompt stands with its words (`item_completed`). */
export async function findOnDisk({ path }: CodexState, localId: string): Promise<"present" | "absent" | "unknown"> {
  if (path === null) return "unknown";
  try {
    return (await readFile(path, "utf8")).includes(JSON.stringify(localId)) ? "present" : "absent";
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "unknown";
    throw new AppError("not_found", "Codex's file of this conversation can't be read", { cause });
  }
}
