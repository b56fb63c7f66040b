/**
 * Message rows, live text and requests → the chat's view model. A builder belongs to one session and remembers what it drew: appending a
 * row draws that row, and everything else stays the same object. Its result depends on the latest input only, never on the way there.
 */
import type { Message } from "@hapi/protocol";
import { isQueued, positionOf } from "../sync/rows.ts";
import { draw, statusOf, type ToolEntry } from "./entries.ts";
import { createFold, type Fold } from "./fold.ts";
import {
  attachRequests,
  attachStreams,
  createOverlayMemory,
  type OverlayMemory,
  queueOf,
  requestItem,
  requestsOf,
  setTopExtras,
} from "./overlay.ts";
import { objectOf } from "./tool-facts.ts";
import type { Activity, StreamBuffer, Timeline, TimelineInput, TimelineItem } from "./view-model.ts";

export interface TimelineBuilder {
  /** The timeline of this input; the same object as before when nothing in it changed. */
  update(input: TimelineInput): Timeline;
}

function collect(items: readonly TimelineItem[], into: Map<string, TimelineItem>): void {
  for (const item of items) {
    into.set(item.key, item);
    if (item.type === "tool-group") collect(item.tools, into);
    if (item.type === "tool") collect(item.children, into);
  }
}

function lastOpenTool(fold: Fold): ToolEntry | null {
  let found: ToolEntry | null = null;
  for (const tool of fold.tools.values()) {
    const status = statusOf(tool);
    if (tool.call && (status === "running" || status === "waiting")) found = tool;
  }
  return found;
}

function activityOf(fold: Fold, streams: readonly StreamBuffer[], isRunning: boolean, root: string | null): Activity | null {
  const tool = lastOpenTool(fold);
  if (tool?.call && isRunning) {
    const { call } = tool;
    return { what: "tool", kind: call.kind, tool: call.tool, object: objectOf(call, root), input: call.input };
  }
  const live = streams.findLast((buffer) => !buffer.done);
  return live?.kind === "thought" ? { what: "thinking" } : live?.kind === "text" ? { what: "writing" } : null;
}

/** The object it was, where it says the same. */
function kept(before: Activity | null, now: Activity | null): Activity | null {
  if (before === null || now === null || before.what !== now.what) return now;
  if (before.what !== "tool" || now.what !== "tool") return before;
  return before.kind === now.kind && before.tool === now.tool && before.object === now.object && before.input === now.input ? before : now;
}

function isRetryable(items: readonly TimelineItem[]): boolean {
  const last = items.findLast((item) => item.type === "turn-end" || item.type === "prompt");
  return last?.type === "turn-end" && last.outcome === "failed" && last.failure?.retryable === true;
}

function sameMembers(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index]);
}

export function createTimeline(): TimelineBuilder {
  let memory: OverlayMemory = createOverlayMemory();
  let earlier: ReadonlyMap<string, TimelineItem> = new Map();
  let fold = createFold(earlier);
  let rows: readonly Message[] = [];
  let root: string | null = null;
  let last: Timeline | null = null;

  function restart(): void {
    const seen = new Map<string, TimelineItem>();
    collect(last?.items ?? [], seen);
    earlier = seen;
    fold = createFold(earlier);
    rows = [];
  }

  /** Brings the fold to these rows: what only grew or changed in place is continued, anything else starts over. */
  function follow(next: readonly Message[]): void {
    const changed: Message[] = [];
    let canContinue = next.length >= rows.length;
    for (let index = 0; canContinue && index < rows.length; index += 1) {
      const before = rows[index]!;
      const row = next[index]!;
      if (row === before) continue;
      canContinue = row.id === before.id && row.content === before.content && row.localId === before.localId;
      changed.push(row);
    }
    if (canContinue) canContinue = changed.every((row) => fold.update(row));
    if (!canContinue) restart();
    for (const row of next.slice(rows.length)) fold.append(row);
    rows = next;
  }

  return {
    update(input) {
      const nextRoot = input.root ?? null;
      if (nextRoot !== root) {
        root = nextRoot;
        memory = createOverlayMemory();
        restart();
      }
      const streams = input.streams ?? [];
      follow(input.messages.filter((row) => !isQueued(row)));
      const requests = requestsOf(input.agentState, memory, root);
      const loose = attachRequests(fold, requests, input.agentState, memory);
      const newest = rows.at(-1);
      const live = attachStreams(fold, streams, newest ? positionOf(newest).at : 0, memory);
      setTopExtras(fold, [...live, ...loose.map((request) => requestItem(request, memory))]);
      const items = draw(fold.top, root, earlier);
      const queue = queueOf(fold, input.messages, input.outbox ?? [], memory);
      const running = fold.running || streams.some((buffer) => !buffer.done && buffer.parent === undefined);
      const timeline: Timeline = {
        items,
        queue: last && sameMembers(last.queue, queue) ? last.queue : queue,
        requests: last && sameMembers(last.requests, requests) ? last.requests : requests,
        usage: fold.usage,
        todos: fold.todos,
        running,
        activity: kept(last?.activity ?? null, activityOf(fold, streams, running, root)),
        retryable: !running && isRetryable(items),
      };
      const before = last;
      const isSame = before !== null && (Object.keys(timeline) as (keyof Timeline)[]).every((key) => before[key] === timeline[key]);
      last = isSame ? before : timeline;
      return last;
    },
  };
}
