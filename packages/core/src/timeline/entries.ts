/**
 * The mutable side of a timeline: entries in containers, each with the immutable item last drawn from it. Only what is marked dirty is drawn
 * again; an item equal to the one before stays the same object.
 */
import type { AgentEvent, ToolContent } from "@hapi/protocol";
import { isSameJson } from "../sync/rows.ts";
import { groupTools, sameMembers } from "./group.ts";
import { diffsOfContent, diffsOfInput, objectOf, summaryOf } from "./tool-facts.ts";
import type { TimelineItem, TimelineRequest, ToolDecision, ToolItem, ToolStatus } from "./view-model.ts";

export interface SimpleEntry {
  kind: "simple";
  key: string;
  item: TimelineItem;
  /** Where it stands itself. */
  home: Container;
}

export interface ToolEntry {
  kind: "tool";
  key: string;
  callId: string;
  call: Extract<AgentEvent, { type: "tool-call" }> | null;
  result: Extract<AgentEvent, { type: "tool-result" }> | null;
  startedAt: number;
  endedAt: number | null;
  /** Its turn ended without a result. */
  closed: "completed" | "cancelled" | null;
  live: string | null;
  request: TimelineRequest | null;
  decision: ToolDecision | null;
  children: Container;
  /** Where it stands itself. */
  home: Container;
  item: ToolItem | null;
}

export type Entry = SimpleEntry | ToolEntry;

export interface Container {
  entries: Entry[];
  /** Live text and requests, after the entries. */
  extras: readonly TimelineItem[];
  items: readonly TimelineItem[];
  isDirty: boolean;
  /** The tool this is inside of. */
  owner: ToolEntry | null;
}

export function createContainer(owner: ToolEntry | null = null): Container {
  return { entries: [], extras: [], items: [], isDirty: false, owner };
}

/** Marks a container and everything it is inside of. */
export function touch(container: Container): void {
  for (let current: Container | null = container; current; current = current.owner?.home ?? null) {
    current.isDirty = true;
    if (current.owner) current.owner.item = null;
  }
}

export function touchTool(tool: ToolEntry): void {
  tool.item = null;
  touch(tool.home);
}

export function statusOf(tool: ToolEntry): ToolStatus {
  if (tool.request && !tool.request.sent) return "waiting";
  const isRefused = tool.decision?.status === "denied" || tool.decision?.status === "abort";
  if (tool.result) return tool.result.status === "failed" && isRefused ? "denied" : tool.result.status;
  if (isRefused) return "denied";
  return tool.closed ?? "running";
}

const noContent: readonly ToolContent[] = [];
const noLocations: ToolItem["locations"] = [];

/** What can be said of a call that is not in the window. */
function unseenCall(tool: ToolEntry): Pick<NonNullable<ToolEntry["call"]>, "kind" | "tool" | "title" | "input" | "locations"> {
  const kind = tool.request?.toolKind ?? (tool.children.entries.length > 0 ? "agent" : "other");
  return { kind, tool: tool.request?.tool ?? kind, title: "", input: tool.request?.input ?? null };
}

function drawTool(tool: ToolEntry, root: string | null, earlier: ReadonlyMap<string, TimelineItem>): ToolItem {
  const { call, result } = tool;
  const facts = call ?? unseenCall(tool);
  const { kind } = facts;
  const status = statusOf(tool);
  const content = result?.content ?? noContent;
  const fromResult = diffsOfContent(content);
  const diffs = fromResult.length > 0 ? fromResult : diffsOfInput(kind, facts.input);
  const item: ToolItem = {
    type: "tool",
    key: tool.key,
    at: tool.startedAt,
    callId: tool.callId,
    tool: facts.tool,
    kind,
    status,
    object: objectOf(facts, root),
    summary: result ? summaryOf({ kind, status, output: result.output, content, diffs }) : null,
    input: facts.input,
    locations: facts.locations ?? noLocations,
    output: result?.output ?? null,
    content,
    diffs,
    liveOutput: result ? null : tool.live,
    durationMs: call && tool.endedAt !== null ? Math.max(0, tool.endedAt - tool.startedAt - waitedMs(tool)) : null,
    request: tool.request,
    decision: tool.decision,
    children: draw(tool.children, root, earlier),
  };
  return kept(earlier, item);
}

/** How long a person took to allow it: not the tool's time. */
const waitedMs = ({ result, decision }: ToolEntry): number => result?.waitedMs ?? decision?.waitedMs ?? 0;

/** Made once for each object it is made from. */
export function remembered<K extends object, V>(memory: WeakMap<K, V>, key: K, make: () => V): V {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make();
  memory.set(key, made);
  return made;
}

/** The earlier object when it says the same. */
export function kept<T extends TimelineItem>(earlier: ReadonlyMap<string, TimelineItem>, item: T): T {
  const before = earlier.get(item.key);
  return before && isSameJson(before, item) ? (before as T) : item;
}

/** A todo tool that worked is told by the plan item; one that failed or waits is shown. */
function isHidden(item: TimelineItem): boolean {
  if (item.type === "tool")
    return item.kind === "todo" && item.request === null && (item.status === "completed" || item.status === "running");
  return item.type === "plan" && item.entries.length === 0;
}

export function draw(container: Container, root: string | null, earlier: ReadonlyMap<string, TimelineItem>): readonly TimelineItem[] {
  if (!container.isDirty) return container.items;
  container.isDirty = false;
  const shown: TimelineItem[] = [];
  for (const entry of container.entries) {
    const item = entry.kind === "tool" ? (entry.item ??= drawTool(entry, root, earlier)) : entry.item;
    if (!isHidden(item)) shown.push(item);
  }
  const groups = new Map(container.items.flatMap((item) => (item.type === "tool-group" ? [[item.key, item] as const] : [])));
  const grouped = groupTools(shown, (key) => groups.get(key) ?? earlier.get(key));
  const items = [...grouped, ...container.extras];
  if (!sameMembers(items, container.items)) container.items = items;
  return container.items;
}
