/**
 * Hooks of a Claude in the terminal: how it is observed, and how its permission dialogs and questions are answered from elsewhere while they are
 * on the screen. The first answer wins at Claude, so one that was given here is sent, not applied, until its record shows which one it took:
 * `request-fate.ts` decides, `dialog-watch.ts` looks. A hook is always answered: an agent must never hang on us.
 */
import { LATE, within } from "@hapi/platform/lean";
import type { RequestAnswer } from "../driver.ts";
import { createCallFinder } from "./call-finder.ts";
import type { Core } from "./core.ts";
import { createDialogWatch, type DialogStatus } from "./dialog-watch.ts";
import { isJson, type Json, list, obj, str } from "./json.ts";
import { isOwnTranscript } from "./paths.ts";
import { countUnknown } from "../shared/unknown-words.ts";
import { hookDecisionOf, openRequestOf } from "./requests.ts";
import type { OpenRequest } from "./state.ts";
import type { TranscriptFact } from "./transcript-parser.ts";
import { HOOKS } from "./vocabulary/hooks.ts";
import { wordOf } from "./vocabulary/words.ts";

export interface Hooks {
  /** The answer is the hook's stdout. */
  onHook(payload: unknown, signal: AbortSignal): Promise<Json>;
  /** `applied`: Claude's record shows it. `sent`: it has it and has not said so. `gone`: something else was answered, or nobody asks any more. */
  answer(requestId: string, answer: RequestAnswer): Promise<"applied" | "sent" | "gone">;
  onFact(fact: TranscriptFact): void;
  /** The session process ends; what is open stays open. */
  dispose(): void;
}

export interface HooksOptions {
  core: Core;
  /** A prompt was typed; its turn may show in the transcript only later, or never: a command the terminal carries out itself. */
  onPrompt(prompt: { promptId?: string | undefined; text?: string | undefined }): void;
  /** Claude's own word on itself: `busy`, `waiting`, `idle`, and since when. */
  status(): DialogStatus;
  /** The first sign of life; also after `/clear` and a resume by the user. */
  onSession(start: { threadId: string; transcript?: string; source: string }): Promise<void>;
  onTurnOver(): Promise<void>;
  /** Every report: all of them name the conversation and where its record is at that moment. */
  onReport(event: string, payload: Json): void;
}

const NOTHING: Json = {};
/** After a restart the bridge connects again within moments; an answer waits so long for it. */
const RECONNECT_MS = 15_000;
/** How long an answer waits for Claude's record. */
const RECORD_MS = 3_000;

/** Without a record that is none of Claude's: what it says of itself is read from its own folder only. */
function credible(context: Core["context"], said: Json): Json {
  const path = str(said["transcript_path"]);
  if (path === undefined || isOwnTranscript(context, path)) return said;
  context.log.warn("claude.transcript_refused", { hook: str(said["hook_event_name"]), path });
  const { transcript_path: _, ...rest } = said;
  return rest;
}

function noteMode(core: Core, payload: Json): void {
  const mode = str(payload["permission_mode"]);
  if (mode !== undefined) core.setMode(mode);
}

/** Since when a dialog is up, where Claude says so. */
const dialogOf = ({ status, since }: DialogStatus): Pick<OpenRequest, "dialogAt"> =>
  status === "waiting" && since !== undefined ? { dialogAt: since } : {};

export function createHooks(options: HooksOptions): Hooks {
  const { core } = options;
  const { requests, context } = core;
  /** Waiting hooks by request id, and answers by request id that a hook which comes back is given again. */
  const hooks = new Map<string, (answer: RequestAnswer) => void>();
  const answers = new Map<string, RequestAnswer>();
  const arrivals = new Map<string, () => void>();
  const finder = createCallFinder(core);
  const watch = createDialogWatch({ core, finder, status: options.status });
  let disposed = false;
  // Of a session process before this one: a hook that has its answer does not come back.
  if (requests.all.length > 0) watch.look();

  async function opened(id: string, payload: Json): Promise<OpenRequest> {
    const known = requests.get(id);
    if (known) return known;
    const prompt = str(payload["prompt_id"]);
    const request = openRequestOf({
      id,
      tool: str(payload["tool_name"]) ?? "tool",
      input: obj(payload["tool_input"]),
      suggestions: list(payload["permission_suggestions"]).filter(isJson),
      toolCallId: await finder.take(id, payload),
      title: str(obj(payload["tool_input"])["description"]),
    });
    return { ...request, ...dialogOf(options.status()), openedAt: context.clock.now(), ...(prompt === undefined ? {} : { prompt }) };
  }

  async function onPermission(payload: Json, signal: AbortSignal): Promise<Json> {
    const id = `hook-${str(payload["hapiHookId"]) ?? context.system.uuid()}`;
    const open = await opened(id, payload);
    const answered = new Promise<RequestAnswer>((resolve) => hooks.set(id, resolve));
    await requests.open(open);
    watch.look();
    const closed = requests.closed(id);
    const given = answers.get(id);
    if (given) hooks.get(id)?.(given);
    arrivals.get(id)?.();
    const gone = new Promise<"gone">((resolve) => {
      if (signal.aborted) resolve("gone");
      signal.addEventListener("abort", () => resolve("gone"), { once: true });
    });
    const first = await Promise.race([answered, closed.then(() => "closed" as const), gone]);
    hooks.delete(id);
    if (first === "gone" || first === "closed") return NOTHING;
    return hookDecisionOf(open, first);
  }

  /** False: no hook waits that could take it. */
  async function handOver(id: string, answer: RequestAnswer): Promise<boolean> {
    if (!hooks.has(id)) {
      const arrived = new Promise<void>((resolve) => arrivals.set(id, resolve));
      await within(context.clock, RECONNECT_MS, Promise.race([arrived, requests.closed(id)]));
      arrivals.delete(id);
    }
    if (!hooks.has(id) || !requests.get(id)) return false;
    // Kept before it is given: whoever takes over must know that Claude may have taken ours.
    const reason = answer.behavior === "deny" ? { reason: answer.reason, interrupt: answer.interrupt } : {};
    await requests.update(id, { handed: { at: context.clock.now(), behavior: answer.behavior, ...reason } });
    answers.set(id, answer);
    hooks.get(id)?.(answer);
    return true;
  }

  async function answer(id: string, given: RequestAnswer): Promise<"applied" | "sent" | "gone"> {
    const open = requests.get(id);
    if (!open) return "gone";
    const closed = requests.closed(id);
    if (open.handed === undefined) {
      if (!(await handOver(id, given))) return "gone";
    } else {
      // Said again after a restart: a hook that comes back is given it once more, Claude takes it once.
      answers.set(id, given);
      hooks.get(id)?.(given);
    }
    watch.look();
    const closing = await within(context.clock, RECORD_MS, closed);
    answers.delete(id);
    if (closing === LATE || closing?.certain === false) return "sent";
    return closing?.by === "remote" ? "applied" : "gone";
  }

  /** It says nothing that could be shown; that it came is counted with the transcript's own. */
  function noteUnknown(event: string): void {
    const state = core.feed?.parser.state;
    if (!state || wordOf(HOOKS, event)) return;
    state.unknown ??= {};
    if (countUnknown(state.unknown, "hook", event)) context.log.warn("claude.hook_unknown", { hook: event });
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
      case "UserPromptSubmit": {
        // Whoever types a prompt has left every dialog before it. Reports may come late: requests of this very prompt are not meant.
        const prompt = str(payload["prompt_id"]);
        watch.turnOver((open) => prompt !== undefined && open.prompt !== undefined && open.prompt !== prompt);
        return options.onPrompt({ promptId: prompt, text: str(payload["prompt"]) });
      }
      case "PreToolUse":
        return finder.note(payload);
      case "Stop":
      case "StopFailure":
        core.background.stopped(payload);
        return await options.onTurnOver();
      default:
        return;
    }
  }

  return {
    async onHook(said, signal) {
      if (!isJson(said) || disposed) return NOTHING;
      const payload = credible(context, said);
      const event = str(payload["hook_event_name"]) ?? "";
      noteUnknown(event);
      noteMode(core, payload);
      options.onReport(event, payload);
      if (event === "PermissionRequest") return await onPermission(payload, signal);
      // Reports are not waited for: the terminal goes on at once.
      report(event, payload).catch((cause: unknown) => context.log.warn("claude.hook_failed", { hook: event, cause }));
      return NOTHING;
    },
    answer,
    onFact(fact) {
      if (fact.type === "tool-ended") watch.toolEnded(fact);
      if (fact.type === "turn" && !fact.running) watch.turnOver(() => true);
    },
    dispose() {
      disposed = true;
      watch.stop();
    },
  };
}
