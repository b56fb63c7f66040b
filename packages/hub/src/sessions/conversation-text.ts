/**
 * A session's history as the text that another agent is given of it: who said what, a tool call in one line, newest last. Bounded by whole
 * messages from the newest on, so that what it begins without is the oldest. Pure.
 */
import { cutTextStart, decodeContent, shortText } from "@hapi/core";
import type { AgentEvent, Message } from "@hapi/protocol";

export const maxTextBytes = 64 * 1024;

const maxToolLine = 200;
const left = "(earlier messages left out)";

type Who = "Person" | "Agent";

interface Said {
  who: Who;
  text: string;
}

export interface ConversationText {
  /** Rows that lie before all that were given so far, oldest first, as a page has them. False: there is no room for older ones. */
  addOlder(rows: readonly Message[]): boolean;
  /** Empty: nobody has said anything. */
  readonly text: string;
}

export function createConversationText(maxBytes: number = maxTextBytes): ConversationText {
  const newestFirst: Said[] = [];
  const prompts = new Set<string>();
  let room = maxBytes - bytesOf(left) - 2;
  let isCut = false;

  function add(event: AgentEvent): void {
    const said = saidBy(event);
    // A prompt stands twice: as it was sent, and as the agent's record has it.
    if (!said || (event.type === "user-message" && event.localId !== undefined && prompts.has(event.localId))) return;
    const bytes = bytesOf(`## ${said.who}\n${said.text}\n\n`);
    if (bytes > room) {
      isCut = true;
      // Better the end of what was said last than nothing.
      if (newestFirst.length === 0) newestFirst.push({ who: said.who, text: `…${endOf(said.text, room - 20)}` });
      return;
    }
    room -= bytes;
    newestFirst.push(said);
    if (event.type === "user-message" && event.localId !== undefined) prompts.add(event.localId);
  }

  return {
    addOlder(rows) {
      for (const row of rows.toReversed()) {
        if (isCut) return false;
        if (row.localId !== null && row.invokedAt == null) continue;
        for (const event of decodeContent(row.content, row).toReversed()) if (!isCut) add(event);
      }
      return !isCut;
    },
    get text() {
      const parts: string[] = [];
      let before: Who | null = null;
      for (const { who, text } of newestFirst.toReversed()) {
        parts.push(who === before ? text : `## ${who}\n${text}`);
        before = who;
      }
      if (isCut) parts.unshift(left);
      return parts.join("\n\n");
    },
  };
}

/** Null: nothing that belongs to the conversation, or a sub-agent's own. */
function saidBy(event: AgentEvent): Said | null {
  if (event.parent !== undefined) return null;
  if (event.type === "tool-call") return { who: "Agent", text: `[${toolLine(event)}]` };
  if (event.type === "agent-message") return event.text.trim() === "" ? null : { who: "Agent", text: event.text.trim() };
  if (event.type !== "user-message") return null;
  const files = (event.attachments ?? []).map(({ filename }) => `[attached: ${filename}]`);
  const text = [event.text.trim(), ...files].filter((part) => part !== "").join("\n");
  return text === "" ? null : { who: "Person", text };
}

function toolLine({ tool, title }: Extract<AgentEvent, { type: "tool-call" }>): string {
  const about = title.trim().split("\n", 1)[0] ?? "";
  const line = about === "" || about === tool ? tool : `${tool}: ${about}`;
  return shortText(line, maxToolLine);
}

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Never half a character: what begins within one begins behind it. */
function endOf(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  let from = Math.max(0, whole.length - bytes);
  while (((whole[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return cutTextStart(text, whole.subarray(from).toString().length);
}
