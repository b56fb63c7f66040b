/** Where entries stand: in the conversation or inside the sub-agent's call they belong to. Each has one key and one place. */
import { type Container, createContainer, type Entry, kept, type SimpleEntry, type ToolEntry, touch, touchTool } from "./entries.ts";
import type { TimelineItem } from "./view-model.ts";

export interface Board {
  /** What was drawn before, by key: an item that says the same stays the object it was. */
  readonly earlier: ReadonlyMap<string, TimelineItem>;
  readonly top: Container;
  readonly tools: Map<string, ToolEntry>;
  readonly simple: Map<string, SimpleEntry>;
  /** Calls without a result whose turn goes on. */
  readonly open: Set<ToolEntry>;
}

/** The agent goes on: whatever it tried again, it does not wait for that any more. */
function place(home: Container, entry: Entry): void {
  const last = home.entries.at(-1);
  if (last?.kind === "simple" && last.item.type === "retrying") last.item = { ...last.item, active: false };
  home.entries.push(entry);
  touch(home);
}

/** What stands last, where that is no call. */
export function lastItem(home: Container): TimelineItem | null {
  const last = home.entries.at(-1);
  return last?.kind === "simple" ? last.item : null;
}

/** What an entry says from now on; it stays where it stands. */
export function say(board: Board, entry: SimpleEntry, item: TimelineItem): void {
  entry.item = kept(board.earlier, item);
  touch(entry.home);
}

/** The entry of this item's key; a new one goes to the end of `home`. */
export function put(board: Board, home: Container, item: TimelineItem): SimpleEntry {
  const { key } = item;
  const known = board.simple.get(key);
  if (known) {
    say(board, known, item);
    return known;
  }
  const entry: SimpleEntry = { kind: "simple", key, item: kept(board.earlier, item), home };
  board.simple.set(key, entry);
  place(home, entry);
  return entry;
}

/** The entry of a call; a new one, open, where only its result or its children are here yet. */
export function toolOf(board: Board, callId: string, { home, at }: { home: Container; at: number }): ToolEntry {
  const known = board.tools.get(callId);
  if (known) return known;
  const tool: ToolEntry = {
    kind: "tool",
    key: `tool:${callId}`,
    callId,
    call: null,
    result: null,
    startedAt: at,
    endedAt: null,
    closed: null,
    live: null,
    request: null,
    decision: null,
    children: createContainer(),
    home,
    item: null,
  };
  tool.children.owner = tool;
  board.tools.set(callId, tool);
  board.open.add(tool);
  place(home, tool);
  return tool;
}

/** The inside of a sub-agent's call. One that works on after its turn's end is open again. */
export function insideOf(board: Board, callId: string, at: number): Container {
  const owner = toolOf(board, callId, { home: board.top, at });
  if (owner.closed && !owner.result) {
    owner.closed = null;
    board.open.add(owner);
    touchTool(owner);
  }
  return owner.children;
}

/** The turn is over: what has no result by now gets none. */
export function closeTools({ open }: Board, how: "completed" | "cancelled"): void {
  for (const tool of open) {
    tool.closed = how;
    touchTool(tool);
  }
  open.clear();
}
