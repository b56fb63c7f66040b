/** One event's item, where the event alone says it. */
import type { AgentEvent, Message, TodoItem } from "@hapi/protocol";
import { isDeviceState, stateOfRow } from "../prompt-states.ts";
import { laterStage } from "../stages.ts";
import { positionOf } from "../sync/rows.ts";
import type { PlanItem, PromptItem, RetryingItem, TimelineItem } from "./view-model.ts";

export type Of<T extends AgentEvent["type"]> = Extract<AgentEvent, { type: T }>;

/** Told by one item each, whatever came before them. */
type PlainEvent = Of<"agent-message" | "thought" | "notice" | "switch" | "mode-changed" | "model-changed" | "title-changed" | "unknown">;

export function itemOf(event: PlainEvent, at: number): TimelineItem {
  const base = { key: `${event.type}:${event.id}`, at };
  switch (event.type) {
    case "agent-message":
      return { ...base, key: `text:${event.id}`, type: "text", text: event.text, streaming: false };
    case "thought":
      return { ...base, type: "thought", text: event.text, streaming: false };
    case "notice":
      return {
        ...base,
        type: "notice",
        level: event.level,
        text: event.text,
        command: event.command ?? null,
        isMarkdown: event.format === "markdown",
        code: event.code ?? null,
        params: event.params ?? {},
      };
    case "switch":
      return { ...base, type: "switch", mode: event.mode };
    case "mode-changed":
      return { ...base, type: "change", what: "permission-mode", value: event.mode };
    case "model-changed":
      return { ...base, type: "change", what: "model", value: event.model };
    case "title-changed":
      return { ...base, type: "change", what: "title", value: event.title };
    case "unknown":
      return { ...base, type: "unknown", raw: event.raw };
  }
}

export function promptOfRow(row: Message, event: Of<"user-message">, hasRecord: boolean): PromptItem {
  const said = stateOfRow(row);
  const stage = hasRecord && row.localId !== null ? laterStage(said, "in-transcript") : said;
  return {
    type: "prompt",
    key: `prompt:${event.localId ?? event.id}`,
    at: positionOf(row).at,
    messageId: row.id,
    localId: event.localId ?? null,
    text: event.text,
    attachments: event.attachments ?? [],
    origin: event.origin,
    stage,
    detail: row.stageDetail ?? null,
    scheduledAt: row.scheduledAt ?? null,
    waiting: row.waiting ?? null,
    steered: row.steered ?? false,
  };
}

/** A prompt that the agent's own record shows, whatever was heard of it on the way. */
export function recordedPrompt(item: PromptItem): PromptItem {
  const { stage } = item;
  return { ...item, stage: laterStage(stage === null || isDeviceState(stage) ? null : stage, "in-transcript") };
}

export const planItem = (key: string, at: number, entries: readonly TodoItem[]): PlanItem => ({
  type: "plan",
  key,
  at,
  entries,
  completed: entries.filter((todo) => todo.status === "completed").length,
});

export function retryingItem(key: string, at: number, { attempt, maxAttempts, delayMs, failure }: Of<"retrying">): RetryingItem {
  return { type: "retrying", key, at, attempt, maxAttempts, nextAt: at + delayMs, failure, active: true };
}
