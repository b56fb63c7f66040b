/**
 * What the remote screen shows below its banner: the last things said, the tool that runs, the request that waits. Built from the same
 * events the hub gets; bounded, because it only feeds one screen.
 */
import { cutTextStart } from "@hapi/core";
import type { AgentEvent, StreamDelta } from "@hapi/protocol";
import type { AgentRequest } from "@hapi/agents";

export const MAX_LINES = 200;
const MAX_CHARS = 4_000;

export interface ScreenLine {
  id: string;
  role: "person" | "agent" | "tool" | "note";
  text: string;
}

export interface ScreenModel {
  /** The agent has this prompt. Its own record of it may come only after the first words of its answer. */
  prompted(localId: string, text: string): void;
  record(event: AgentEvent): void;
  stream(delta: StreamDelta, done: boolean): void;
  requested(request: AgentRequest): void;
  requestClosed(id: string): void;
  note(text: string): void;
  clearActivity(): void;
  readonly lines: readonly ScreenLine[];
  readonly tool: string | null;
  readonly request: string | null;
}

const promptLine = (localId: string): string => `prompt:${localId}`;

export function createScreenModel(): ScreenModel {
  const lines: ScreenLine[] = [];
  const tools = new Map<string, string>();
  const requests = new Map<string, string>();
  let notes = 0;

  function put(line: ScreenLine): void {
    const text = cutTextStart(line.text, MAX_CHARS);
    const at = lines.findLastIndex((one) => one.id === line.id);
    if (at >= 0) lines[at] = { ...line, text };
    else lines.push({ ...line, text });
    if (lines.length > MAX_LINES) lines.splice(0, lines.length - MAX_LINES);
  }

  function record(event: AgentEvent): void {
    // What a sub-agent does would flood the screen; its call is shown as one tool.
    if (event.parent !== undefined) return;
    switch (event.type) {
      case "user-message":
        return put({ id: event.localId === undefined ? event.id : promptLine(event.localId), role: "person", text: event.text });
      case "agent-message":
        return put({ id: event.id, role: "agent", text: event.text });
      case "tool-call":
        tools.set(event.id, event.title);
        return put({ id: event.id, role: "tool", text: event.title });
      case "tool-result":
        tools.delete(event.callId);
        return;
      case "turn-ended":
        tools.clear();
        if (event.outcome !== "completed") put({ id: event.id, role: "note", text: event.failure?.message ?? `Turn ${event.outcome}` });
        return;
      case "retrying":
        return put({
          id: event.id,
          role: "note",
          text: `${event.failure.message}; trying again (${event.attempt} of ${event.maxAttempts})`,
        });
      case "notice":
        return put({ id: event.id, role: "note", text: event.text });
      default:
        return;
    }
  }

  return {
    prompted(localId, text) {
      put({ id: promptLine(localId), role: "person", text });
    },
    record,
    stream(delta, done) {
      if (delta.kind !== "text" || delta.parent !== undefined) return;
      const before = lines.findLast((line) => line.id === delta.itemId)?.text ?? "";
      if (!done || delta.delta !== "") put({ id: delta.itemId, role: "agent", text: before.slice(0, delta.offset) + delta.delta });
    },
    requested(request) {
      requests.set(request.id, request.title ?? request.tool);
    },
    requestClosed(id) {
      requests.delete(id);
    },
    note(text) {
      put({ id: `note-${notes++}`, role: "note", text });
    },
    clearActivity() {
      tools.clear();
      requests.clear();
    },
    get lines() {
      return lines;
    },
    get tool() {
      return [...tools.values()].at(-1) ?? null;
    },
    get request() {
      return [...requests.values()][0] ?? null;
    },
  };
}
