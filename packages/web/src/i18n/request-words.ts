/** What a person is asked, in a few words: "Approve a command, a change and 1 more". Tools are named by what they do. Pure. */
import "./list.ts";
import { toolKindOf } from "@hapi/core";
import type { SessionSummary, ToolKind } from "@hapi/protocol";
import type { MessageKey, Translate } from "./index.ts";
import { toolName } from "./names.model.ts";

const MAX_THINGS = 2;

const THINGS = {
  read: "thing.read",
  edit: "thing.edit",
  delete: "thing.delete",
  move: "thing.move",
  search: "thing.search",
  execute: "thing.execute",
  fetch: "thing.fetch",
  agent: "thing.agent",
  todo: "thing.todo",
  plan: "thing.plan",
} as const satisfies Partial<Record<ToolKind, MessageKey>>;

const hasThing = (kind: ToolKind): kind is keyof typeof THINGS => Object.hasOwn(THINGS, kind);

function thingOf(tool: string, t: Translate): string {
  const kind = toolKindOf(tool);
  return hasThing(kind) ? t(THINGS[kind]) : toolName(tool);
}

/** `asks`: questions to answer, nothing to allow. */
export function wordsOfRequests(tools: readonly string[], { count, asks }: { count: number; asks: boolean }, t: Translate): string {
  const things = [...new Set(tools.map((tool) => thingOf(tool, t)))].slice(0, MAX_THINGS);
  const words = asks ? t("list.answer") : t("list.approve", { tools: things.join(t("list.comma")) });
  const rest = count - (asks ? 1 : things.length);
  return rest > 0 ? `${words} ${t("list.more", { count: rest })}` : words;
}

export function requestWords(
  { pendingRequests, pendingRequestsCount: count, pendingRequestKinds }: SessionSummary,
  t: Translate,
): string | null {
  if (count === 0) return null;
  const tools = pendingRequests.map((request) => request.tool);
  // a plan is an answer on the wire, and an approval for people
  const asks =
    pendingRequestKinds.length > 0 &&
    pendingRequestKinds.every((kind) => kind === "input") &&
    !tools.some((tool) => toolKindOf(tool) === "plan");
  return wordsOfRequests(tools, { count, asks }, t);
}
