/**
 * Which call a permission is about: its hook does not say (2.1.332). The hook before it and the call's line in the transcript do, and both may
 * come later. Of several calls with the same tool and input each request takes another one; which is whose shows when one of them is answered.
 */
import { delay } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import { type Json, str } from "./json.ts";
import { callOf } from "./open-requests.ts";
import type { OpenRequest } from "./state.ts";
import type { TranscriptFact } from "./transcript-parser.ts";

export type ToolEnded = Extract<TranscriptFact, { type: "tool-ended" }>;

export interface CallFinder {
  /** A hook that names a call. */
  note(payload: Json): void;
  /** The call for a request that is about to open; undefined when it has not shown in time. */
  take(requestId: string, payload: Json): Promise<string | undefined>;
  /** The open request that this end of a call is about. */
  requestOf(fact: ToolEnded): OpenRequest | undefined;
}

/** Tool calls seen lately. */
const MAX_CALLS = 64;
const CALL_WAIT_MS = 400;
const CALL_LOOK_MS = 40;

interface SeenCall {
  toolCallId: string;
  tool: string;
  input: string;
}

const likeness = (tool: string, input: unknown): string => `${tool} ${JSON.stringify(input)}`;
const likenessOf = ({ request, input }: OpenRequest): string => likeness(request.tool, input);

/**
 * Of a call before the one that is asked about, read late: its dialog came up after that. Or of another prompt: a hook may come so late that the next one
 * has called the same. Hooks and lines take a prompt's id from one place.
 */
const isOfAnother = ({ at, prompt }: ToolEnded, { dialogAt, prompt: asked }: OpenRequest): boolean =>
  (dialogAt !== undefined && at < dialogAt) || (prompt !== undefined && asked !== undefined && prompt !== asked);

/** Ours if it carries our answer; the terminal's rather a request that nobody answered from here. */
function fits({ handed }: OpenRequest, { verdict }: ToolEnded): boolean {
  if (!verdict || verdict.by === "rules") return true;
  if (verdict.by === "person") return handed === undefined;
  return handed !== undefined && (handed.behavior === "allow") === (verdict.decision === "accept");
}

/** Calls that hooks named and whose end was not read. Of one whose end was, no request to come is about it, however late its hook is. */
function createHookedCalls() {
  let calls: SeenCall[] = [];
  let ended: string[] = [];
  return {
    get all(): readonly SeenCall[] {
      return calls;
    },
    note(payload: Json): void {
      const toolCallId = str(payload["tool_use_id"]);
      if (toolCallId === undefined || ended.includes(toolCallId)) return;
      const call = { toolCallId, tool: str(payload["tool_name"]) ?? "tool", input: JSON.stringify(payload["tool_input"] ?? {}) };
      calls = [...calls, call].slice(-MAX_CALLS);
    },
    /** Answers what a hook said of it. */
    end(toolCallId: string): SeenCall | undefined {
      const seen = calls.find((call) => call.toolCallId === toolCallId);
      calls = calls.filter((call) => call !== seen);
      ended = [...ended, toolCallId].slice(-MAX_CALLS);
      return seen;
    },
  };
}

export function createCallFinder(core: Core): CallFinder {
  const { requests } = core;
  const hooked = createHookedCalls();
  /** Calls that a request which is just opening has taken. */
  const taken = new Map<string, string>();

  function callFor(payload: Json): string | undefined {
    const tool = str(payload["tool_name"]) ?? "tool";
    const input = JSON.stringify(payload["tool_input"] ?? {});
    const free = (call: SeenCall): boolean => call.tool === tool && !taken.has(call.toolCallId) && !requests.byTool(call.toolCallId);
    const read = Object.entries(core.feed?.parser.state.calls ?? {}).map(([toolCallId, call]) => ({
      toolCallId,
      tool: call.tool,
      input: JSON.stringify(call.input),
    }));
    const open = read.filter(free);
    // The first of several alike: they ask in their order.
    const same = [...open, ...hooked.all.filter(free)].find((call) => call.input === input);
    // An input may be completed between the two; with one candidate there is no doubt.
    return (same ?? (open.length === 1 ? open[0] : undefined))?.toolCallId;
  }

  /** The one that took this call when it was asked, unless it took another one's. */
  function boundTo(fact: ToolEnded): OpenRequest | undefined {
    const bound = requests.byTool(fact.toolCallId);
    if (!bound || !isOfAnother(fact, bound)) return bound;
    void requests.update(bound.request.id, { callId: "" });
    return undefined;
  }

  return {
    note: hooked.note,
    async take(requestId, payload) {
      for (let waited = 0; ; waited += CALL_LOOK_MS) {
        await core.feed?.sync();
        const found = callFor(payload);
        if (found !== undefined) taken.set(found, requestId);
        if (taken.size > MAX_CALLS) taken.delete(taken.keys().next().value as string);
        if (found !== undefined || waited >= CALL_WAIT_MS) return found;
        await delay(CALL_LOOK_MS, { clock: core.context.clock });
      }
    },
    requestOf(fact) {
      const bound = boundTo(fact);
      const seen = hooked.end(fact.toolCallId);
      const like = bound ? likenessOf(bound) : fact.call ? likeness(fact.call.tool, fact.call.input) : seen && `${seen.tool} ${seen.input}`;
      const candidates = requests.all.filter((open) => !isOfAnother(fact, open));
      const alike = candidates.filter((open) => open === bound || (likenessOf(open) === like && (bound || callOf(open) === undefined)));
      const found = bound && fits(bound, fact) ? bound : (alike.find((open) => fits(open, fact)) ?? bound ?? alike[0]);
      if (!found || found === bound) return found;
      // They were told apart wrongly: the other one keeps waiting, for the other call.
      const other = callOf(found);
      if (bound) void requests.update(bound.request.id, { callId: other ?? "" });
      void requests.update(found.request.id, { callId: fact.toolCallId });
      return requests.get(found.request.id);
    },
  };
}
