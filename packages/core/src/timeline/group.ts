/** Consecutive finished reads and searches become one row: what an agent looked at matters less than what it did. */
import type { TimelineItem, ToolGroupItem, ToolItem } from "./view-model.ts";

/** The item of this key as it was drawn before. */
type KnownItem = (key: string) => TimelineItem | undefined;

function isSmall(item: TimelineItem): item is ToolItem {
  if (item.type !== "tool" || (item.kind !== "read" && item.kind !== "search")) return false;
  return (item.status === "completed" || item.status === "running") && item.request === null && item.children.length === 0;
}

function looksOf(tools: readonly ToolItem[]): { files: number; searches: number } {
  const reads = tools.filter((tool) => tool.kind === "read");
  return { files: new Set(reads.map((tool) => tool.object)).size, searches: tools.length - reads.length };
}

export const sameMembers = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((member, index) => member === b[index]);

function groupOf(tools: readonly ToolItem[], known: KnownItem): ToolGroupItem {
  const first = tools[0]!;
  const key = `group:${first.key}`;
  const before = known(key);
  if (before?.type === "tool-group" && sameMembers(before.tools, tools)) return before;
  const running = tools.some((tool) => tool.status === "running");
  return { type: "tool-group", key, at: first.at, tools, ...looksOf(tools), running };
}

/** A group that did not change stays the object it was. */
export function groupTools(items: readonly TimelineItem[], known: KnownItem): TimelineItem[] {
  const grouped: TimelineItem[] = [];
  let run: ToolItem[] = [];
  const flush = (): void => {
    if (run.length > 1) grouped.push(groupOf(run, known));
    else grouped.push(...run);
    run = [];
  };
  for (const item of items) {
    if (isSmall(item)) {
      run.push(item);
      continue;
    }
    flush();
    grouped.push(item);
  }
  flush();
  return grouped;
}
