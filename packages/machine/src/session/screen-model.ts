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
  /** An answer is on its way; the agent has not shown yet that it took it. */
  requestAnswered(id: string, allowed: boolean): void;
  requestClosed(id: string): void;
  note(text: string): void;
  clearActivity(): void;
  readonly lines: readonly ScreenLine[];
  readonly tool: string | null;
  /** What waits: for a person, or for the agent to take what a person said. */
  readonly request: { text: string; answered: "allow" | "deny" | null } | null;
}

const promptLine = (localId: string): string => `prompt:${localId}`;

export function createScreenModel(): ScreenModel {
  const lines: ScreenLine[] = [];
  const tools = new Map<string, string>();
  const requests = new Map<string, { text: string; answered: "allow" | "deny" | null }>();
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
      case "unknown":
        return put({ id: event.id, role: "note", text: "Something this version can't show; the web app has it as it is" });
      // Told elsewhere on this screen, or nothing that a person reads along.
      case "thought":
      case "plan":
      case "usage":
      case "turn-started":
      case "switch":
      case "mode-changed":
      case "model-changed":
      case "title-changed":
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
      const answered = requests.get(request.id)?.answered ?? null;
      requests.set(request.id, { text: request.title ?? request.tool, answered });
    },
    requestAnswered(id, allowed) {
      const known = requests.get(id);
      if (known) requests.set(id, { ...known, answered: allowed ? "allow" : "deny" });
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
      const all = [...requests.values()];
      return all.find((one) => one.answered === null) ?? all[0] ?? null;
    },
  };
}
