/**
 * Hooks of a Claude in the terminal: how it is observed, and how its permission dialogs and questions are answered from elsewhere while they are
 * on the screen. The first answer wins; an answer given in the terminal shows in what follows (a tool result, the next prompt, the end of
 * the turn). A hook is always answered: an agent must never hang on us.
 */
import { randomUUID } from "node:crypto";
import type { RequestAnswer } from "../driver.ts";
import type { Core } from "./core.ts";
import { delay } from "@hapi/platform/lean";
import { isJson, type Json, list, obj, str } from "./json.ts";
import { hookDecisionOf, openRequestOf } from "./requests.ts";
import type { TranscriptFact } from "./transcript-parser.ts";

export interface Hooks {
  /** The answer is the hook's stdout. */
  onHook(payload: unknown, signal: AbortSignal): Promise<Json>;
  answer(requestId: string, answer: RequestAnswer): Promise<"applied" | "gone">;
  onFact(fact: TranscriptFact): void;
  /** The session process ends; what is open stays open. */
  dispose(): void;
}

export interface HooksOptions {
  core: Core;
  /** A prompt was typed; its turn may show in the transcript only later, or never: a command the terminal carries out itself. */
  onPrompt(prompt: { promptId?: string | undefined; text?: string | undefined }): void;
  /** Claude's own word on itself: `busy`, `waiting`, `idle`. */
  status(): string | undefined;
  /** The first sign of life; also after `/clear` and a resume by the user. */
  onSession(start: { threadId: string; transcript?: string; source: string }): Promise<void>;
  onTurnOver(): Promise<void>;
  /** Every report: all of them name the conversation and where its record is at that moment. */
  onReport(event: string, payload: Json): void;
}

const NOTHING: Json = {};
/** Tool calls seen lately, to find the one a permission belongs to: its hook does not say. */
const MAX_CALLS = 64;
/** The call's line in the transcript and the hook before it may both come after the permission's hook. */
const CALL_WAIT_MS = 400;
const CALL_LOOK_MS = 40;
/** After a restart the bridge connects again within moments; an answer waits so long for it. */
const RECONNECT_MS = 15_000;
/** How often a dialog on the screen is looked after. */
const DIALOG_LOOK_MS = 250;
/** A hook that is gone was answered in the terminal; what exactly was answered stands in the transcript by then. */
const GONE_GRACE_MS = 400;

interface SeenCall {
  toolCallId: string;
  tool: string;
  input: string;
}

export function createHooks(options: HooksOptions): Hooks {
  const { core } = options;
  const { requests, context } = core;
  let calls: SeenCall[] = [];
  /** Waiting hooks by request id. */
  const hooks = new Map<string, (answer: RequestAnswer) => void>();
  const arrivals = new Map<string, () => void>();
  /** Claude's id of the prompt in which a request came up. */
  const promptOf = new Map<string, string>();
  let disposed = false;

  const callOf = (payload: Json): Omit<SeenCall, "toolCallId"> => ({
    tool: str(payload["tool_name"]) ?? "tool",
    input: JSON.stringify(payload["tool_input"] ?? {}),
  });

  function noteCall(payload: Json): void {
    const toolCallId = str(payload["tool_use_id"]);
    if (toolCallId === undefined) return;
    calls = [...calls, { toolCallId, ...callOf(payload) }].slice(-MAX_CALLS);
  }

  /** The newest call of that tool with that input that no other open request has taken. The transcript knows it too, often earlier. */
  async function findCall(payload: Json): Promise<string | undefined> {
    for (let waited = 0; ; waited += CALL_LOOK_MS) {
      await core.feed?.sync();
      const found = callFor(payload);
      if (found !== undefined || waited >= CALL_WAIT_MS) return found;
      await delay(CALL_LOOK_MS);
    }
  }

  function callFor(payload: Json): string | undefined {
    const read = Object.entries(core.feed?.parser.state.calls ?? {}).map(([toolCallId, call]) => ({
      toolCallId,
      tool: call.tool,
      input: JSON.stringify(call.input),
    }));
    const wanted = callOf(payload);
    const fits = (call: SeenCall): boolean => call.tool === wanted.tool && !requests.byTool(call.toolCallId);
    const open = read.filter(fits);
    const same = [...calls.filter(fits), ...open].findLast((call) => call.input === wanted.input);
    // An input may be completed between the two; with one candidate there is no doubt.
    return (same ?? (open.length === 1 ? open[0] : undefined))?.toolCallId;
  }

  /** What a prompt left open when it is over. Reports may come late: requests of other prompts are not theirs. */
  function closeOf(payload: Json, of: "this" | "others", outcome: "approved" | "resolved"): void {
    const prompt = str(payload["prompt_id"]);
    for (const open of requests.all) {
      const asked = promptOf.get(open.request.id);
      const same = prompt === undefined || asked === undefined || asked === prompt;
      if (same === (of === "this")) requests.close(open.request.id, { outcome, by: "terminal" });
    }
  }

  /** A denial in the terminal ends the turn without this hook, or stands in the transcript before it: what is open still was approved. */
  async function closeAnswered(payload: Json): Promise<void> {
    if (requests.all.length === 0) return;
    await core.feed?.sync();
    await delay(GONE_GRACE_MS);
    await core.feed?.sync();
    if (!disposed) closeOf(payload, "this", "approved");
  }

  function closeTool(toolCallId: string | undefined, outcome: "approved" | "denied" | "resolved"): void {
    const open = toolCallId === undefined ? undefined : requests.byTool(toolCallId);
    if (open) requests.close(open.request.id, { outcome, by: "terminal" });
  }

  async function onPermission(payload: Json, signal: AbortSignal): Promise<Json> {
    const id = `hook-${str(payload["hapiHookId"]) ?? randomUUID()}`;
    const known = requests.get(id);
    const open =
      known ??
      openRequestOf({
        id,
        tool: str(payload["tool_name"]) ?? "tool",
        input: obj(payload["tool_input"]),
        suggestions: list(payload["permission_suggestions"]).filter(isJson),
        toolCallId: await findCall(payload),
        title: str(obj(payload["tool_input"])["description"]),
      });
    const prompt = str(payload["prompt_id"]);
    if (prompt !== undefined) promptOf.set(id, prompt);
    const answered = new Promise<RequestAnswer>((resolve) => hooks.set(id, resolve));
    await requests.open(open);
    watchDialog(id).catch((cause: unknown) => context.log.warn("claude.dialog_unwatched", { cause: String(cause) }));
    const closed = requests.closed(id);
    arrivals.get(id)?.();
    const gone = new Promise<"gone">((resolve) => {
      if (signal.aborted) resolve("gone");
      signal.addEventListener("abort", () => resolve("gone"), { once: true });
    });
    const first = await Promise.race([answered, closed.then(() => "closed" as const), gone]);
    hooks.delete(id);
    promptOf.delete(id);
    if (first === "gone") await answeredElsewhere(id);
    if (first === "gone" || first === "closed") return NOTHING;
    const reason = first.behavior === "deny" ? first.reason : undefined;
    const outcome = first.behavior === "deny" ? "denied" : "approved";
    requests.close(id, { outcome, by: "remote", ...(reason === undefined ? {} : { reason }) });
    return hookDecisionOf(open, first);
  }

  /**
   * A dialog answered in the terminal leaves its hook waiting, and what was approved may run for long before its result tells. Claude's own
   * status says at once that the dialog is gone; with several open at a time it can't say which.
   */
  async function watchDialog(id: string): Promise<void> {
    for (let shown = false; !disposed && requests.get(id);) {
      await delay(DIALOG_LOOK_MS);
      const status = options.status();
      if (status === "waiting") shown = true;
      if (!shown || status !== "busy" || requests.all.length > 1) continue;
      // Had it been denied, the transcript would say so by now.
      await delay(GONE_GRACE_MS);
      await core.feed?.sync();
      if (!disposed && options.status() === "busy") requests.close(id, { outcome: "approved", by: "terminal" });
    }
  }

  async function answeredElsewhere(id: string): Promise<void> {
    if (disposed) return;
    await core.feed?.sync();
    await delay(GONE_GRACE_MS);
    if (!disposed) requests.close(id, { outcome: "resolved", by: "terminal" });
  }

  async function report(event: string, payload: Json): Promise<void> {
    switch (event) {
      case "SessionStart": {
        const threadId = str(payload["session_id"]);
        if (threadId === undefined) return;
        return await options.onSession({
          threadId,
          transcript: str(payload["transcript_path"]),
          source: str(payload["source"]) ?? "startup",
        });
      }
      case "UserPromptSubmit":
        // Whoever types a prompt has left every dialog before it.
        closeOf(payload, "others", "resolved");
        return options.onPrompt({ promptId: str(payload["prompt_id"]), text: str(payload["prompt"]) });
      case "PreToolUse":
        return noteCall(payload);
      case "Stop":
      case "StopFailure":
        core.background.stopped(payload);
        await closeAnswered(payload);
        return await options.onTurnOver();
      default:
        return;
    }
  }

  return {
    async onHook(payload, signal) {
      if (!isJson(payload) || disposed) return NOTHING;
      const event = str(payload["hook_event_name"]) ?? "";
      const mode = str(payload["permission_mode"]);
      if (mode !== undefined) core.setMode(mode);
      options.onReport(event, payload);
      if (event === "PermissionRequest") return await onPermission(payload, signal);
      // Reports are not waited for: the terminal goes on at once.
      report(event, payload).catch((cause: unknown) => context.log.warn("claude.hook_failed", { hook: event, cause: String(cause) }));
      return NOTHING;
    },
    async answer(requestId, answer) {
      if (!requests.get(requestId)) return "gone";
      if (!hooks.has(requestId)) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, RECONNECT_MS);
          arrivals.set(requestId, () => {
            clearTimeout(timer);
            resolve();
          });
        });
        arrivals.delete(requestId);
      }
      const resolve = hooks.get(requestId);
      if (!resolve || !requests.get(requestId)) return "gone";
      resolve(answer);
      return "applied";
    },
    onFact(fact) {
      if (fact.type !== "tool-ended") return;
      const outcome = fact.status === "denied" ? "denied" : fact.status === "cancelled" ? "resolved" : "approved";
      closeTool(fact.toolCallId, outcome);
    },
    dispose() {
      disposed = true;
    },
  };
}
