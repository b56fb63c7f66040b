/**
 * Message rows, live text and requests → the chat's view model. A builder belongs to one session and remembers what it drew: appending a
 * row draws that row, and everything else stays the same object. Its result depends on the latest input only, never on the way there.
 */
import type { Message } from "@hapi/protocol";
import { isQueued, positionOf } from "../sync/rows.ts";
import { draw, statusOf, type ToolEntry } from "./entries.ts";
import { appendRow, createFold, type Fold, updateRow } from "./fold.ts";
import { sameMembers } from "./group.ts";
import {
  attachRequests,
  attachStreams,
  createOverlayMemory,
  type OverlayMemory,
  queueOf,
  requestItem,
  requestsOf,
  setExtras,
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

const isAtWork = (tool: ToolEntry): boolean => tool.call !== null && ["running", "waiting"].includes(statusOf(tool));

function activityOf(fold: Fold, streams: readonly StreamBuffer[], isRunning: boolean, root: string | null): Activity | null {
  const tool = [...fold.tools.values()].findLast(isAtWork);
  if (tool?.call && isRunning) {
    const { call } = tool;
    return { what: "tool", kind: call.kind, tool: call.tool, object: objectOf(call, root), input: call.input };
  }
  const live = streams.findLast((buffer) => !buffer.done);
  return live?.kind === "thought" ? { what: "thinking" } : live?.kind === "text" ? { what: "writing" } : null;
}

/** The object it was, where everything in it is what it was. Both are made with their keys in one order. */
const kept = <T extends object>(before: T | null | undefined, now: T): T =>
  before && sameMembers(Object.values(before), Object.values(now)) ? before : now;

function isRetryable(items: readonly TimelineItem[]): boolean {
  const last = items.findLast((item) => item.type === "turn-end" || item.type === "prompt");
  return last?.type === "turn-end" && last.outcome === "failed" && last.failure?.retryable === true;
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
    if (canContinue) canContinue = changed.every((row) => updateRow(fold, row));
    if (!canContinue) restart();
    for (const row of next.slice(rows.length)) appendRow(fold, row);
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
      setExtras(fold.top, [...live, ...loose.map((request) => requestItem(request, memory))]);
      const items = draw(fold.top, root, earlier);
      const queue = queueOf(fold, input.messages, input.outbox ?? [], memory);
      const running = fold.turn.running || streams.some((buffer) => !buffer.done && buffer.parent === undefined);
      const activity = activityOf(fold, streams, running, root);
      const timeline: Timeline = {
        items,
        queue: kept(last?.queue, queue),
        requests: kept(last?.requests, requests),
        usage: fold.usage,
        todos: fold.todos,
        running,
        activity: activity && kept(last?.activity, activity),
        retryable: !running && isRetryable(items),
      };
      last = kept(last, timeline);
      return last;
    },
  };
}
