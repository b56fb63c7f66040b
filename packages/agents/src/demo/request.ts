/**
 * What the demo agent's (pretended) model is asked: the conversation as the record has it, and nothing else. The answer is made from this request,
 * so a conversation that lost something, or has a prompt twice, is one whose answers show it. `HAPI_DEMO_REQUESTS` names a file that keeps them.
 */
import { appendFileSync } from "node:fs";
import type { RecordLine } from "./record.ts";

export interface ModelMessage {
  role: "user" | "assistant";
  text: string;
}

export function modelRequest(lines: readonly RecordLine[]): ModelMessage[] {
  const messages: ModelMessage[] = [];
  for (const line of lines) {
    if (line.t === "user" && line.before !== undefined) messages.push({ role: "user", text: line.before });
    const said = line.t === "user" ? ({ role: "user", text: line.text } as const) : line.t === "update" ? answerOf(line.update) : null;
    if (said === null) continue;
    const last = messages.at(-1);
    // What the agent says in pieces and does in between is one answer.
    if (said.role === "assistant" && last?.role === "assistant") last.text += said.text;
    else messages.push({ ...said });
  }
  return messages;
}

function answerOf(update: Extract<RecordLine, { t: "update" }>["update"]): ModelMessage | null {
  if (update.sessionUpdate === "agent_message_chunk" && update.content.type === "text")
    return { role: "assistant", text: update.content.text };
  if (update.sessionUpdate === "tool_call") return { role: "assistant", text: `[${update.title}: ${update.status ?? "pending"}]` };
  return null;
}

/** The prompt that is to be answered. */
export const askedIn = (request: readonly ModelMessage[]): string => request.findLast(({ role }) => role === "user")?.text ?? "";

export function keepRequest(file: string | undefined, sessionId: string, request: readonly ModelMessage[], at: number): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ at, sessionId, messages: request })}\n`, { mode: 0o600 });
}
