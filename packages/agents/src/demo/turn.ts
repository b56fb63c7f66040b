/**
 * One turn of the demo agent: performs the steps of a prompt, tells the client as it goes, and writes each finished item into its record
 * before the next one begins. Invariant: nothing is changed without the permission that the session's mode asks for.
 */
import type { AgentContext, PermissionOption, SessionUpdate, StopReason, ToolCallContent, ToolKind } from "@agentclientprotocol/sdk";
import { methods, RequestError } from "@agentclientprotocol/sdk";
import { delay, type Clock } from "@hapi/platform/lean";
import { lastTurnOf, settingsOf, type DemoRecord, type GrantKind, type Settings } from "./record.ts";
import { ScratchError, type Scratch } from "./scratch.ts";
import { stepsFor, type Step } from "./script.ts";
import { pretend } from "./shell.ts";

export const MODES = [
  { id: "default", name: "Ask", description: "Asks before every change and command" },
  { id: "read-only", name: "Read only", description: "Changes nothing and runs nothing" },
  { id: "safe-yolo", name: "Edit freely", description: "Edits its scratch folder without asking, asks before commands" },
  { id: "yolo", name: "Never ask", description: "Does everything without asking" },
] as const;

export const MODELS = [
  { id: "demo-large", name: "Demo Large", contextTokens: 200_000 },
  { id: "demo-small", name: "Demo Small", contextTokens: 32_000 },
] as const;

export const INITIAL = { mode: MODES[0].id, model: MODELS[0].id } as const;

export interface TurnContext {
  sessionId: string;
  record: DemoRecord;
  scratch: Scratch;
  client: AgentContext;
  clock: Clock;
  /** Delays are divided by this; 0: no delays at all. */
  speed: number;
  canAsk: boolean;
  signal: AbortSignal;
  /** Ends the process in the middle of an answer. */
  breakOff(): Promise<never>;
}

export class Cancelled extends Error {}

/** The first lines of a record tell how many tool calls there were: ids go on counting after a resume. */
function nextToolId(record: DemoRecord): string {
  return `tool-${record.lines.filter((line) => line.t === "update" && line.update.sessionUpdate === "tool_call").length + 1}`;
}

export async function performTurn(context: TurnContext, prompt: { text: string; images: string[] }): Promise<StopReason> {
  const performer = createPerformer(context);
  try {
    if (prompt.images.length > 0) await performer.say(`I got ${prompt.images.length} image${prompt.images.length === 1 ? "" : "s"}: ${prompt.images.join(", ")}.\n\n`);
    for (const step of stepsFor(prompt.text)) {
      if (context.signal.aborted) throw new Cancelled();
      await performer.perform(step);
    }
    return "end_turn";
  } catch (cause) {
    if (cause instanceof Cancelled || context.signal.aborted) return "cancelled";
    throw cause;
  }
}

function createPerformer(context: TurnContext) {
  const { client, record, scratch, sessionId, signal } = context;
  const settings = (): Settings => settingsOf(record.lines, INITIAL);

  const send = (update: SessionUpdate) => client.notify(methods.client.session.update, { sessionId, update });
  const keep = (update: SessionUpdate) => record.append({ t: "update", update });
  const pause = async (ms: number) => {
    if (signal.aborted) throw new Cancelled();
    const wait = context.speed > 0 ? ms / context.speed : 0;
    if (wait <= 0) return;
    await delay(wait, { clock: context.clock, signal }).catch((cause: unknown) => {
      throw signal.aborted ? new Cancelled() : cause;
    });
  };

  /** Streams, then records the whole; cut short, it records what was said. */
  const stream = async (kind: "agent_message_chunk" | "agent_thought_chunk", chunks: Iterable<string>, everyMs: number) => {
    let said = "";
    try {
      for (const text of chunks) {
        await pause(everyMs);
        await send({ sessionUpdate: kind, content: { type: "text", text } });
        said += text;
      }
    } finally {
      if (said !== "") keep({ sessionUpdate: kind, content: { type: "text", text: said } });
    }
  };
  const say = (text: string) => stream("agent_message_chunk", pieces(text), 25);

  const ask = async (toolCall: { toolCallId: string; title: string; kind: ToolKind; content?: ToolCallContent[]; rawInput: unknown }, options: PermissionOption[]) => {
    const asked = client.request(methods.client.session.requestPermission, { sessionId, toolCall: { ...toolCall, status: "pending" }, options });
    const answer = await Promise.race([asked, aborted(signal)]);
    if (answer.outcome.outcome === "cancelled") throw new Cancelled();
    const { optionId } = answer.outcome;
    const reason: unknown = answer._meta?.["hapi.reason"];
    return { option: options.find((option) => option.optionId === optionId), reason: typeof reason === "string" ? reason : null };
  };

  /** A tool that changes something: mode, permission, doing, result. */
  const tool = async (call: Call) => {
    const toolCallId = nextToolId(record);
    const base = { toolCallId, title: call.title, name: call.name, kind: call.kind, rawInput: call.rawInput, ...(call.locations ? { locations: call.locations } : {}) };
    const finish = async (status: "completed" | "failed", content: ToolCallContent[], rawOutput?: unknown) => {
      const output = rawOutput === undefined ? {} : { rawOutput };
      await send({ sessionUpdate: "tool_call_update", toolCallId, status, content, ...output });
      keep({ sessionUpdate: "tool_call", ...base, status, content, ...output });
    };
    await send({ sessionUpdate: "tool_call", ...base, status: "pending" });
    try {
      const verdict = call.grant ? await permit(call, base) : "allowed";
      if (verdict !== "allowed") return await finish("failed", [textContent(verdict)]);
      await send({ sessionUpdate: "tool_call_update", toolCallId, status: "in_progress" });
      const result = await call.act();
      await finish(result.ok ? "completed" : "failed", result.content, result.rawOutput);
    } catch (cause) {
      if (cause instanceof Cancelled) await finish("failed", [textContent("Cancelled")]);
      if (!(cause instanceof ScratchError)) throw cause;
      await finish("failed", [textContent(cause.message)]);
    }
  };

  const permit = async (call: Call, base: { toolCallId: string; title: string; kind: ToolKind; rawInput: unknown }) => {
    const { mode, grants } = settings();
    const grant = call.grant;
    if (!grant || mode === "yolo" || grants.has(grant) || (mode === "safe-yolo" && grant === "edit")) return "allowed";
    if (mode === "read-only") return "Refused: this session is read-only.";
    const scope = grant === "edit" ? "Allow all edits in the scratch folder for this session" : "Allow all commands for this session";
    const { option, reason } = await ask({ ...base, content: call.preview }, [
      { optionId: "allow", name: "Allow", kind: "allow_once" },
      { optionId: "allow-always", name: scope, kind: "allow_always" },
      { optionId: "reject", name: "Reject", kind: "reject_once" },
    ]);
    if (option?.kind === "allow_always") record.append({ t: "set", grant });
    if (option?.kind === "allow_once" || option?.kind === "allow_always") return "allowed";
    return reason === null ? "You said no." : `You said no: ${reason}`;
  };

  const file = (step: Extract<Step, { do: "write" | "edit" }>): Call => {
    const old = scratch.read(step.path);
    const path = scratch.path(step.path);
    const missing = step.do === "edit" && !old?.includes(step.from);
    const next = step.do === "write" ? step.text : (old ?? "").replace(step.from, () => step.to);
    const content: ToolCallContent[] = [{ type: "diff", path, oldText: old, newText: next }];
    return {
      name: step.do,
      title: `${step.do === "write" ? "Write" : "Edit"} ${step.path}`,
      kind: "edit",
      grant: missing ? null : "edit",
      preview: content,
      locations: [{ path }],
      rawInput: step.do === "write" ? { path, content: step.text } : { path, old_string: step.from, new_string: step.to },
      act() {
        if (missing) return Promise.resolve({ ok: false, content: [textContent(`${step.path} does not contain "${step.from}"`)] });
        scratch.write(step.path, next);
        return Promise.resolve({ ok: true, content });
      },
    };
  };

  const perform = async (step: Step): Promise<void> => {
    switch (step.do) {
      case "say":
        return say(step.text);
      case "think":
        return stream("agent_thought_chunk", pieces(step.text), 25);
      case "chunks":
        return stream("agent_message_chunk", chunks(step.count), step.everyMs);
      case "pause":
        return pause(step.ms);
      case "read":
        return tool({
          name: "read",
          title: `Read ${step.path}`,
          kind: "read",
          grant: null,
          rawInput: { path: step.path },
          act() {
            const text = scratch.read(step.path);
            return Promise.resolve(text === null ? { ok: false, content: [textContent(`There is no ${step.path}`)] } : { ok: true, content: [textContent(text)] });
          },
        });
      case "write":
      case "edit":
        return tool(guardedFile(step, () => file(step)));
      case "run":
        return tool({
          name: "run",
          title: step.command,
          kind: "execute",
          grant: "execute",
          rawInput: { command: step.command },
          async act() {
            await pause(150);
            const result = pretend(step.command, scratch);
            return { ok: result.exitCode === 0, content: [textContent(result.stdout + result.stderr)], rawOutput: result };
          },
        });
      case "todo": {
        const plan: SessionUpdate = { sessionUpdate: "plan", entries: step.entries.map((entry) => ({ ...entry, priority: "medium" as const })) };
        await send(plan);
        keep(plan);
        return pause(100);
      }
      case "ask":
        return question(step);
      case "plan":
        return approve(step.text);
      case "recall":
        return say(recall(record));
      case "fail":
        return fail(step);
      case "break":
        await say("I begin to answer, and then ");
        return context.breakOff();
      case "hang":
        return aborted(signal);
    }
  };

  const question = async (step: Extract<Step, { do: "ask" }>) => {
    const picked = context.canAsk ? await elicit(step) : await choose(step);
    await say(picked === null ? "You did not answer. That is fine." : `You picked **${picked}**.`);
  };

  const elicit = async (step: Extract<Step, { do: "ask" }>) => {
    const answer = step.options.length > 0 ? { type: "string" as const, title: step.question, enum: [...step.options] } : { type: "string" as const, title: step.question };
    const asked = client.request(methods.client.elicitation.create, {
      mode: "form",
      sessionId,
      message: step.question,
      requestedSchema: { type: "object", properties: { answer }, required: ["answer"] },
    });
    const reply = await Promise.race([asked, aborted(signal)]);
    if (reply.action === "cancel") throw new Cancelled();
    const content: unknown = reply.action === "accept" ? reply.content : null;
    const value: unknown = content !== null && typeof content === "object" && "answer" in content ? content.answer : null;
    return typeof value === "string" ? value : null;
  };

  /** For clients without forms: the options of a permission request stand in for the answers. */
  const choose = async (step: Extract<Step, { do: "ask" }>) => {
    const options = step.options.map((name, index): PermissionOption => ({ optionId: `option-${index}`, name, kind: "allow_once" }));
    const { option } = await ask({ toolCallId: nextToolId(record), title: step.question, kind: "other", rawInput: { question: step.question } }, [...options, { optionId: "none", name: "Skip", kind: "reject_once" }]);
    return option && option.kind === "allow_once" ? option.name : null;
  };

  const approve = async (plan: string) => {
    const toolCallId = nextToolId(record);
    const base = { toolCallId, title: "Ready to begin?", name: "plan", kind: "switch_mode" as const, rawInput: { plan }, content: [textContent(plan)] };
    await send({ sessionUpdate: "tool_call", ...base, status: "pending" });
    const { option } = await ask(base, [
      { optionId: "safe-yolo", name: "Yes, and edit without asking", kind: "allow_always" },
      { optionId: "default", name: "Yes, and ask before each edit", kind: "allow_once" },
      { optionId: "keep-planning", name: "No, keep planning", kind: "reject_once" },
    ]);
    const approved = option?.kind === "allow_always" || option?.kind === "allow_once";
    await send({ sessionUpdate: "tool_call_update", toolCallId, status: approved ? "completed" : "failed" });
    keep({ sessionUpdate: "tool_call", ...base, status: approved ? "completed" : "failed" });
    if (!approved || !option) return say("I keep planning. Tell me what to change.");
    record.append({ t: "set", mode: option.optionId });
    await send({ sessionUpdate: "current_mode_update", currentModeId: option.optionId });
    await say("The plan is approved. ");
  };

  const fail = async (step: Extract<Step, { do: "fail" }>) => {
    const failures = lastTurnOf(record.lines)?.failures ?? 0;
    if (step.times !== null && failures >= step.times) return say(`Recovered after ${failures} failure${failures === 1 ? "" : "s"}.\n\n${recall(record)}`);
    throw modelError(step.status, step.message);
  };

  return { perform, say };
}

interface Call {
  name: string;
  title: string;
  kind: ToolKind;
  /** What "for this session" covers; null: needs no permission. */
  grant: GrantKind | null;
  preview?: ToolCallContent[];
  locations?: { path: string }[];
  rawInput: unknown;
  act(): Promise<{ ok: boolean; content: ToolCallContent[]; rawOutput?: unknown }>;
}

/** A path that leads out of the folder is a failed call, not a failed turn. */
function guardedFile(step: Extract<Step, { do: "write" | "edit" }>, make: () => Call): Call {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof ScratchError)) throw cause;
    const refused = Promise.resolve({ ok: false, content: [textContent(cause.message)] });
    return { name: step.do, title: `${step.do} ${step.path}`, kind: "edit", grant: null, rawInput: { path: step.path }, act: () => refused };
  }
}

const textContent = (text: string): ToolCallContent => ({ type: "content", content: { type: "text", text } });

function* pieces(text: string): Generator<string> {
  yield* text.match(/(?:\S+\s*){1,3}|\s+/g) ?? [];
}

function* chunks(count: number): Generator<string> {
  for (let index = 1; index <= count; index++) yield `chunk ${index} `;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(new Cancelled());
    signal.addEventListener("abort", () => reject(new Cancelled()), { once: true });
  });
}

/** The conversation as the record has it: what proves after a resume or a retry that nothing is missing and nothing stands twice. */
function recall(record: DemoRecord): string {
  const said = record.lines.flatMap((line) => (line.t === "user" ? [line.text] : []));
  return `You have said ${said.length} thing${said.length === 1 ? "" : "s"}:\n\n${said.map((text, index) => `${index + 1}. ${text.slice(0, 200)}`).join("\n")}`;
}

const errors: Readonly<Record<number, string>> = {
  400: "The request is not valid",
  401: "The key is not valid",
  429: "Rate limit reached. Try again in a moment.",
  500: "The model service had an internal error",
  529: "The model is overloaded. Try again in a moment.",
};

export class ModelError extends RequestError {
  readonly status: number;
  constructor(status: number, message: string) {
    super(-32603, message, { httpStatus: status, ...(status === 429 ? { retryAfterMs: 1000 } : {}) });
    this.status = status;
  }
}

function modelError(status: number, message: string | null): ModelError {
  return new ModelError(status, message ?? errors[status] ?? `The model service answered ${status}`);
}
