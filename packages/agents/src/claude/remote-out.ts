/**
 * Lines of a driven Claude's stdout: requests, live text, and how turns end. The durable words come from the transcript; a `result` waits until
 * the transcript has caught up, so the end of a turn stands after its last word. Lines are handled strictly one after the other.
 */
import type { AgentEvent } from "@hapi/protocol";
import type { ByteLine } from "../shared/byte-lines.ts";
import type { Control } from "./control.ts";
import type { Core } from "./core.ts";
import { type RetryHint, retryHint, withHint } from "./failures.ts";
import { isJson, type Json, list, obj, parseJson, str, strings } from "./json.ts";
import type { LiveText } from "./live-text.ts";
import { openRequestOf, titleOf } from "./requests.ts";
import { readResult, type TurnResult } from "./results.ts";
import { commitMarks, readMark } from "./state.ts";

export interface RemoteOut {
  handle(line: ByteLine): Promise<void>;
  /** While an old stretch is read again: nothing live is said. */
  replaying: boolean;
  readonly busy: boolean;
  /** Resolves when no turn runs. */
  idle(): Promise<void>;
}

export interface RemoteOutOptions {
  core: Core;
  launchId: string;
  control: Control;
  live: LiveText;
  busy: boolean;
  /** Answer a request of Claude's that we don't serve. */
  refuse(controlId: string, subtype: string): Promise<void>;
  onCompleted(): void;
  /** The process is being ended: nothing is waited for any longer. */
  hurry(): boolean;
  /** Read offset up to which stdout may be forgotten, once this is durable. */
  onTurnEnd(offset: number): Promise<void>;
}

/** The transcript lags stdout by up to 100 ms; a full disk or a paused outbox by more. */
const TRANSCRIPT_WAIT_MS = 3_000;

export function createRemoteOut(options: RemoteOutOptions): RemoteOut {
  const { core, control, live } = options;
  const { context, requests, prompts } = core;
  let busy = options.busy;
  let replaying = false;
  let saidFacts = false;
  let hint: RetryHint = { pauseMs: undefined, liftedAt: undefined };
  let lastUuid: string | null = null;
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
    if (request["subtype"] !== "can_use_tool") return options.refuse(controlId, str(request["subtype"]) ?? "");
    const open = openRequestOf({
      id: controlId,
      controlId,
      tool: str(request["tool_name"]) ?? "tool",
      input: obj(request["input"]),
      suggestions: list(request["permission_suggestions"]).filter(isJson),
      toolCallId: str(request["tool_use_id"]),
      title: titleOf(request),
    });
    void requests.open(open, { quiet: replaying });
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

  async function onSystem(line: Json): Promise<void> {
    const mode = str(line["permissionMode"]);
    if (mode !== undefined && (line["subtype"] === "status" || line["subtype"] === "init")) core.setMode(mode);
    if (line["subtype"] === "status" && line["status"] === "requesting") setBusy(true);
    const title = line["subtype"] === "session_title_changed" ? str(line["title"]) : undefined;
    if (title) context.emit({ type: "title", title });
    if (line["subtype"] === "background_tasks_changed") core.background.tasksChanged(line);
    if (line["subtype"] !== "init") return;
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

  async function catchUp(): Promise<void> {
    const uuid = lastUuid;
    lastUuid = null;
    const { feed } = core;
    if (!feed || uuid === null) return;
    while (!(await feed.reached(uuid, TRANSCRIPT_WAIT_MS))) {
      if (feed.held && !options.hurry()) continue;
      context.log.warn("claude.transcript_late", { uuid });
      return;
    }
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

  async function onResult(line: Json, after: number): Promise<void> {
    await followThread(line);
    await catchUp();
    const turn = core.feed?.parser.endTurn() ?? null;
    const result = readResult(line, turn?.usage ?? null);
    if (result.failure) result.failure = withHint(result.failure, hint, context.clock.now());
    hint = { pauseMs: undefined, liftedAt: hint.liftedAt };
    for (const delta of live.takeOpen()) if (!replaying) context.emit({ type: "stream", delta, done: true });
    const stage = result.outcome === "completed" ? "done" : result.outcome;
    // One result ends every prompt that was folded into its turn; without a list, those whose lines were read.
    const ended = result.uuids.length > 0 ? result.uuids : prompts.pending.filter((prompt) => prompt.recorded).map((prompt) => prompt.uuid);
    const localIds = [...new Set([...prompts.finish(ended, stage, result.failure), ...(turn?.localIds ?? [])])];
    const { usage, mark } = costOf(result);
    const id = `result:${str(line["uuid"]) ?? `${options.launchId}:${after}`}`;
    const event: AgentEvent = {
      type: "turn-ended",
      id,
      outcome: result.outcome,
      ...(result.durationMs === undefined ? {} : { durationMs: result.durationMs }),
      ...(usage ? { usage } : {}),
      ...(result.failure ? { failure: result.failure } : {}),
      ...(localIds.length > 0 ? { localIds } : {}),
    };
    const out = { "claude.out": { launchId: options.launchId, offset: after, busy: false } };
    context.emit({
      type: "record",
      key: id,
      event,
      at: context.clock.now(),
      checkpoint: { ...mark, ...out, ...prompts.mark(), ...core.feed?.mark() },
    });
    setBusy(false);
    await options.onTurnEnd(after);
    if (result.outcome === "completed" && !replaying) options.onCompleted();
  }

  async function onLifecycle(line: Json): Promise<void> {
    const uuid = str(line["command_uuid"]) ?? "";
    if (line["state"] === "started") {
      prompts.begun(uuid);
      setBusy(true);
    }
    if (line["state"] !== "cancelled") return;
    // Taken back before it began. A prompt of a failed or interrupted turn was ended by its result.
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
    switch (json["type"]) {
      case "control_request":
        return onControlRequest(json);
      case "control_response":
        return onControlResponse(obj(json["response"]));
      case "control_cancel_request": {
        const open = requests.byControl(str(json["request_id"]) ?? "");
        if (open) requests.close(open.request.id, { outcome: "canceled", by: "agent" });
        return;
      }
      case "command_lifecycle":
        return onLifecycle(json);
      case "system":
        return onSystem(json);
      case "stream_event": {
        const delta = live.read(json);
        if (delta && !replaying) context.emit({ type: "stream", delta });
        return;
      }
      case "assistant":
      case "user":
        if (json["parent_tool_use_id"] == null) lastUuid = str(json["uuid"]) ?? lastUuid;
        return;
      case "result":
        return onResult(json, line.end);
      default:
        return;
    }
  }

  return {
    handle,
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
