/** Facts about a tool call for its one line: icon and sign by kind and status, never by an agent's name. Pure. */
import { isRecord, type ToolItem, type ToolStatus } from "@hapi/core";
import type { ToolKind } from "@hapi/protocol";
import type { IconName } from "../../../ui/icons.tsx";
import type { Status } from "../../../ui/status-glyph.tsx";
import { toolName } from "../../../i18n/names.model.ts";

const ICONS: Record<ToolKind, IconName> = {
  read: "file",
  edit: "edit",
  delete: "trash",
  move: "swap",
  search: "search",
  execute: "terminal",
  think: "thought",
  fetch: "globe",
  agent: "bot",
  todo: "list",
  question: "question",
  plan: "plan",
  other: "tool",
};

export const iconOf = (kind: ToolKind): IconName => ICONS[kind];

/** The sign of a call that needs one; null for what simply went well. */
export function signOf(status: ToolStatus): Status | null {
  if (status === "waiting") return "waiting";
  if (status === "running") return "working";
  return status === "failed" ? "failed" : null;
}

/** Failures and what waits open by themselves, and so does a call whose sub-agent waits, and a picture that is there to be seen. */
export function opensItself(item: ToolItem): boolean {
  return item.status === "failed" || waits(item) || isShownPicture(item);
}

/** By HAPI's own tool, not one that the agent looked at. */
const isShownPicture = ({ tool, content }: ToolItem): boolean => tool === "display_image" && content.some(({ type }) => type === "image");

export function waits(item: ToolItem): boolean {
  return item.request !== null || item.children.some((child) => child.type === "request" || (child.type === "tool" && waits(child)));
}

export function textField(input: unknown, ...names: string[]): string | null {
  if (!isRecord(input)) return null;
  for (const name of names) {
    const value = input[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return null;
}

/** What the row names: a search is about its pattern, wherever it looked. Where nothing is known but the tool, its kind's verb says it. */
export function objectOf(item: Pick<ToolItem, "kind" | "tool" | "input" | "object">): string {
  if (item.object === item.tool) return item.kind === "other" ? toolName(item.tool) : "";
  return (item.kind === "search" && textField(item.input, "pattern", "query")) || item.object;
}

/** Whether the row's object is a file's path. */
export const namesPath = (kind: ToolKind): boolean => kind === "read" || kind === "edit" || kind === "delete" || kind === "move";
