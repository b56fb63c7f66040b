/**
 * Lines of a driven Claude's stdout: requests, live text, and how turns end. The durable words come from the transcript; a `result` waits until
 * the transcript has caught up, so the end of a turn stands after its last word. Lines are handled strictly one after the other.
 */
import { type AgentEvent, noticeWords } from "@hapi/protocol";
import type { ByteLine } from "../shared/byte-lines.ts";
import { createCatchUp } from "./catch-up.ts";
import type { Control } from "./control.ts";
import type { Core } from "./core.ts";
import { failure, type RetryHint, retryHint, withHint } from "./failures.ts";
import { isJson, type Json, list, obj, parseJson, str, strings } from "./json.ts";
import type { LiveText } from "./live-text.ts";
import { AGENT_NAME } from "./name.ts";
import type { OpenTurn } from "./parser-state.ts";
import { createRemoteWords } from "./remote-words.ts";
import { WITHDRAWN } from "./request-fate.ts";
import { openRequestOf, titleOf } from "./requests.ts";
import { readResult, type TurnResult } from "./results.ts";
import { commitMarks, readMark } from "./state.ts";
import { MESSAGES, REQUESTS } from "./vocabulary/messages.ts";
import { SYSTEM } from "./vocabulary/system.ts";
import { type Named, wordOf } from "./vocabulary/words.ts";

export interface RemoteOut {
  handle(line: ByteLine): Promise<void>;
  /** While an old stretch is read again: nothing live is said. */
  replaying: boolean;
  readonly busy: boolean;
  /** Resolves when no turn runs. */
  idle(): Promise<void>;
  /** The process is gone: tells what it said and did not write down. */
  flush(): Promise<void>;
  /** Another session process reads on. */
  close(): void;
}

export interface RemoteOutOptions {
  core: Core;
  launchId: string;
  control: Control;
  live: LiveText;
  busy: boolean;
  /** Answer a request of Claude's that we don't serve. */
  refuse(controlId: string, subtype: string): Promise<void>;
  /** Say No to a request that is shown to nobody. */
  deny(controlId: string, message: string): Promise<void>;
  onCompleted(): void;
  /** The process is being ended: nothing is waited for any longer. */
  hurry(): boolean;
  /** Read offset up to which stdout may be forgotten, once this is durable. */
  onTurnEnd(offset: number): Promise<void>;
}

const WORDLESS = "Claude Code ended the turn without a word: it can't be told whether it did anything.";
const TOO_MANY_OPEN = "Too many permission requests are open at once, so the user was not asked. Wait for the open ones, then ask again.";

export function createRemoteOut(options: RemoteOutOptions): RemoteOut {
  const { core, control, live } = options;
  const { context, requests, prompts } = core;
  const said = createRemoteWords({ context, feed: () => core.feed });
  let busy = options.busy;
  let replaying = false;
  let saidFacts = false;
  /** Of prompts that were taken up before these eyes, not in a stretch that is read again: everything told of their turn was told here. */
  const begunHere = new Set<string>();
  let hint: RetryHint = { pauseMs: undefined, liftedAt: undefined };
  const words = createCatchUp({ core, launchId: options.launchId, hurry: options.hurry });
  let idleWaiters: (() => void)[] = [];

  function setBusy(next: boolean): void {
    busy = next;
    if (!replaying) core.setThinking(next);
    if (next) return;
    for (const done of idleWaiters) done();
    idleWaiters = [];
  }

  function onControlRequest(line: Json): Promise<void> | void {
    const controlId = str(line["request_id"]) ?? "";
    const request = obj(line["request"]);
    const subtype = request["subtype"];
    if (!wordOf(REQUESTS, subtype)) said.unknown("request", subtype, line);
    // A dialog of a kind that was not declared must not be answered, not even with a refusal (2.1.329).
    if (subtype === "request_user_dialog") return context.log.warn("claude.dialog_undeclared", { kind: str(request["kind"]) ?? "" });
    if (subtype !== "can_use_tool") {
      said.unserved(controlId, request);
      return options.refuse(controlId, str(subtype) ?? "");
    }
    const open = openRequestOf({
      id: controlId,
      controlId,
      tool: str(request["tool_name"]) ?? "tool",
      input: obj(request["input"]),
      suggestions: list(request["permission_suggestions"]).filter(isJson),
      toolCallId: str(request["tool_use_id"]),
      title: titleOf(request),
    });
    if (requests.isFullFor(controlId)) return denyUnasked(controlId, open.request.tool);
    void requests.open(open, { quiet: replaying });
  }

  /** Nobody can be asked for one more: Claude hears so, or it would wait for ever. */
  async function denyUnasked(controlId: string, tool: string): Promise<void> {
    await options.deny(controlId, TOO_MANY_OPEN);
    const id = `unasked:${options.launchId}:${controlId}`;
    const words = noticeWords("request_unasked", { agent: AGENT_NAME, tool });
    context.log.warn("claude.requests_full", { tool });
    context.emit({ type: "record", key: id, event: { type: "notice", id, level: "warning", ...words }, at: context.clock.now() });
  }

  /** Claude repeats our answer when it has taken it. */
  function onControlResponse(response: Json): void {
    if (control.settle(response)) return;
    const open = requests.byControl(str(response["request_id"]) ?? "");
    if (!open) return;
    const answer = obj(response["response"]);
    const denied = answer["behavior"] === "deny";
    const reason = denied ? str(answer["message"]) : undefined;
    requests.close(open.request.id, { outcome: denied ? "denied" : "approved", by: "remote", ...(reason === undefined ? {} : { reason }) });
  }

  /** `transcript only` subtypes never stand on stdout. */
  const systemReaders: Readonly<Record<Named<typeof SYSTEM, "used">, ((line: Json) => Promise<void> | void) | "transcript only">> = {
    init: onInit,
    status(line) {
      noteMode(line);
      if (line["status"] === "requesting") setBusy(true);
      said.status(line);
    },
    session_title_changed(line) {
      const title = str(line["title"]);
      if (title) context.emit({ type: "title", title });
    },
    background_tasks_changed: (line) => core.background.tasksChanged(line),
    // For the hint alone, which every line passes.
    api_retry: () => undefined,
    local_command: "transcript only",
    turn_duration: "transcript only",
    api_error: "transcript only",
  };

  function noteMode(line: Json): void {
    const mode = str(line["permissionMode"]);
    if (mode !== undefined) core.setMode(mode);
  }

  function onSystem(line: Json): Promise<void> | void {
    const subtype = line["subtype"];
    const word = wordOf(SYSTEM, subtype);
    if (!word) return said.unknown("system", subtype, line);
    if (word.fate === "shown") return said.system(line);
    const read = word.fate === "used" ? systemReaders[subtype as keyof typeof systemReaders] : undefined;
    if (typeof read === "function") return read(line);
  }

  async function onInit(line: Json): Promise<void> {
    noteMode(line);
    await followThread(line);
    if (saidFacts) return;
    saidFacts = true;
    const version = str(line["claude_code_version"]);
    context.emit({
      type: "facts",
      tools: strings(line["tools"]),
      slashCommands: strings(line["slash_commands"]),
      ...(version === undefined ? {} : { version }),
    });
  }

  /** `/clear` changes the id of the conversation. */
  async function followThread(line: Json): Promise<void> {
    const id = str(line["session_id"]);
    if (id && id !== core.thread?.id) await core.useThread(id);
  }

  function costOf(result: TurnResult): { usage: TurnResult["usage"]; mark: Record<string, unknown> } {
    const threadId = core.thread?.id ?? "";
    const before = readMark(context, "claude.cost");
    const total = result.totalUsd;
    if (total === undefined) return { usage: result.usage, mark: {} };
    const mark = { "claude.cost": { threadId, totalUsd: total } };
    // The sum is the conversation's, also over resumes: without the one before, this turn's share is not known.
    const share = before?.threadId === threadId ? total - before.totalUsd : core.feed?.parser.state.fresh === true ? total : undefined;
    const costUsd = share === undefined || share < 0 ? {} : { costUsd: share };
    return { usage: result.usage && { ...result.usage, ...costUsd }, mark };
  }

  /** A result and nothing else, of which nobody can say what it was. Claude's own commands may be carried out without a word, and ask no model. */
  function isWordless(result: TurnResult, ended: readonly string[], turn: OpenTurn | null): boolean {
    if (result.outcome !== "completed" || core.feed?.held === true) return false;
    const prompted = prompts.pending.filter((prompt) => ended.includes(prompt.uuid));
    const isCommand = prompted.length > 0 && prompted.every((prompt) => prompt.text.trimStart().startsWith("/"));
    // Compaction does ask one, and answers nothing.
    const isOwn = result.usage === undefined || prompted.some((prompt) => /^\s*\/compact\b/.test(prompt.text));
    if (isCommand && isOwn) return false;
    const wasSeen = !replaying && ended.some((uuid) => begunHere.has(uuid));
    if (wasSeen || (!replaying && ended.length === 0)) return core.witness.isEmpty(wasSeen);
    // What was told of it before these eyes the record knows, as far as it was read.
    return turn !== null && turn.answered !== true && core.witness.isEmpty(true);
  }

  /** What its failure comes to; whether it was without a word, which is one. */
  function judge(result: TurnResult, ended: readonly string[], turn: OpenTurn | null): boolean {
    if (result.failure) result.failure = withHint(result.failure, hint, context.clock.now());
    hint = { pauseMs: undefined, liftedAt: hint.liftedAt };
    const wordless = isWordless(result, ended, turn);
    if (wordless) Object.assign(result, { outcome: "failed", failure: failure("unknown", WORDLESS) });
    for (const uuid of ended) begunHere.delete(uuid);
    return wordless;
  }

  function endOf(id: string, result: TurnResult, usage: TurnResult["usage"], localIds: string[]): AgentEvent {
    const { outcome, durationMs, failure } = result;
    return {
      type: "turn-ended",
      id,
      outcome,
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(usage ? { usage } : {}),
      ...(failure ? { failure } : {}),
      ...(localIds.length > 0 ? { localIds } : {}),
    };
  }

  async function onResult(line: Json, after: number): Promise<void> {
    await followThread(line);
    await words.untilTold(readResult(line, null).uuids);
    const turn = core.feed?.endTurn() ?? null;
    const result = readResult(line, turn?.usage ?? null);
    for (const delta of live.takeOpen()) if (!replaying) context.emit({ type: "stream", delta, done: true });
    // One result ends every prompt that was folded into its turn; without a list, those whose lines were read.
    const ended = result.uuids.length > 0 ? result.uuids : prompts.pending.filter((prompt) => prompt.recorded).map((prompt) => prompt.uuid);
    const wordless = judge(result, ended, turn);
    const stage = result.outcome === "completed" ? "done" : result.outcome;
    const localIds = [...new Set([...prompts.finish(ended, stage, result.failure), ...(turn?.localIds ?? [])])];
    const { usage, mark } = costOf(result);
    const id = `result:${str(line["uuid"]) ?? `${options.launchId}:${after}`}`;
    const event = endOf(id, result, usage, localIds);
    const out = { "claude.out": { launchId: options.launchId, offset: after, busy: false } };
    const answered = result.outcome === "completed" && core.thread ? { "claude.answered": { threadId: core.thread.id } } : {};
    context.emit({
      type: "record",
      key: id,
      event,
      at: context.clock.now(),
      checkpoint: { ...mark, ...out, ...answered, ...prompts.mark(), ...core.feed?.mark() },
    });
    if (wordless) core.lost("turn_empty", id, { turn: id });
    setBusy(false);
    await options.onTurnEnd(after);
    if (result.outcome === "completed" && !replaying) options.onCompleted();
  }

  async function onLifecycle(line: Json): Promise<void> {
    const uuid = str(line["command_uuid"]) ?? "";
    if (line["state"] === "started") {
      prompts.begun(uuid);
      if (!replaying) begunHere.add(uuid);
      setBusy(true);
    }
    if (line["state"] !== "cancelled") return;
    // Taken back before it began. A prompt of a failed or interrupted turn was ended by its result.
    begunHere.delete(uuid);
    prompts.cancelled(uuid);
    await commitMarks(context, prompts.mark());
  }

  async function handle(line: ByteLine): Promise<void> {
    const json = parseJson(line.text);
    if (!json) {
      context.log.debug("claude.stdout_not_json", { sample: line.text.slice(0, 200) });
      return;
    }
    hint = retryHint(json, hint);
    const word = wordOf(MESSAGES, json["type"]);
    if (!word) return said.unknown("message", json["type"], json);
    if (word.fate !== "ignored") await readers[json["type"] as keyof typeof readers](json, line.end);
  }

  /** The words come from the transcript; the end of the turn waits until it has this line. */
  function noteLine(line: Json): void {
    words.heard(line);
  }

  const readers: Readonly<Record<Named<typeof MESSAGES, "shown" | "used">, (line: Json, after: number) => Promise<void> | void>> = {
    control_request: onControlRequest,
    control_response: (line) => onControlResponse(obj(line["response"])),
    control_cancel_request(line) {
      const open = requests.byControl(str(line["request_id"]) ?? "");
      if (open) requests.close(open.request.id, { outcome: "canceled", by: "agent", ...(core.stopping ? { reason: WITHDRAWN } : {}) });
    },
    command_lifecycle: onLifecycle,
    system: onSystem,
    stream_event(line) {
      const delta = live.read(line);
      if (delta && !replaying) context.emit({ type: "stream", delta });
    },
    assistant: noteLine,
    user: noteLine,
    result: onResult,
    auth_status: said.auth,
    // The transcript of the new conversation says it; the next message has its id.
    conversation_reset: () => undefined,
    // For the hint alone, which every line passes.
    rate_limit_event: () => undefined,
  };

  return {
    handle,
    flush: words.flush,
    close: words.close,
    get replaying() {
      return replaying;
    },
    set replaying(next) {
      replaying = next;
      if (!next) core.setThinking(busy);
    },
    get busy() {
      return busy;
    },
    idle() {
      return busy ? new Promise((resolve) => idleWaiters.push(resolve)) : Promise.resolve();
    },
  };
}

export function outMark(context: Core["context"], launchId: string, offset: number, busy: boolean): Promise<void> {
  return commitMarks(context, { "claude.out": { launchId, offset, busy } });
}
