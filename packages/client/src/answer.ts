/** What the agent said last in answer to a prompt, read from the history: the text behind its last tool call, as a script wants it. */
import { decodeContent } from "@hapi/core";
import type { AgentEvent, Message } from "@hapi/protocol";
import type { HubApi } from "./rest.ts";

const PAGE = 200;
/** Of a longer turn only the end is kept: that is what is of interest. */
const MAX_PAGES = 20;

/** The rows behind a prompt's own, oldest first; null when the session's history does not hold it (any more). */
export async function rowsSince(api: HubApi, sessionId: string, localId: string): Promise<{ prompt: Message; after: Message[] } | null> {
  if (!(await isThere(api, sessionId, localId))) return null;
  const after: Message[] = [];
  let before: { at: number; seq: number } | undefined;
  for (let pages = 0; ; pages += 1) {
    const { messages, page } = await api.messages.page(sessionId, { limit: PAGE, ...(before ? { before } : {}) });
    const at = messages.findLastIndex((row) => row.localId === localId);
    if (pages < MAX_PAGES) after.unshift(...messages.slice(at + 1));
    const prompt = messages[at];
    if (prompt) return { prompt, after };
    if (!page.hasMore || page.nextBeforeAt === null || page.nextBeforeSeq === null) return null;
    before = { at: page.nextBeforeAt, seq: page.nextBeforeSeq };
  }
}

/** One question instead of a whole history without it. */
async function isThere(api: HubApi, sessionId: string, localId: string): Promise<boolean> {
  const { queuedLocalIds, indeterminateLocalIds, invokedLocalMessages } = await api.messages.queuedState(sessionId, [localId]);
  return [queuedLocalIds, indeterminateLocalIds, invokedLocalMessages].some((list) => Array.isArray(list) && list.length > 0);
}

export interface Answer {
  text: string;
  /** The turn's own last word is in the history: nothing of it can follow. */
  isWhole: boolean;
}

export function answerIn(rows: readonly Message[], localId: string): Answer {
  let said: string[] = [];
  let isNew = true;
  for (const event of rows.flatMap((row) => decodeContent(row.content, { id: row.id, localId: row.localId }))) {
    if (isOthers(event, localId)) break;
    if ("parent" in event && event.parent !== undefined) continue;
    if (event.type === "turn-ended") return { text: said.join("\n\n"), isWhole: true };
    if (event.type === "tool-call") isNew = true;
    if (event.type !== "agent-message" || event.text.trim() === "") continue;
    said = isNew ? [event.text] : [...said, event.text];
    isNew = false;
  }
  return { text: said.join("\n\n"), isWhole: false };
}

/** The next prompt: what follows answers that one. */
function isOthers(event: AgentEvent, localId: string): boolean {
  return event.type === "user-message" && event.localId !== undefined && event.localId !== localId;
}
