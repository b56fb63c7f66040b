/** What one turn works with, and the ways in which it speaks to the client. Each finished item goes into the record before the next begins. */
import type {
  AgentContext,
  PermissionOption,
  RequestPermissionRequest,
  SessionUpdate,
  ToolCallContent,
  ToolKind,
} from "@agentclientprotocol/sdk";
import { methods } from "@agentclientprotocol/sdk";
import { delay, type Clock } from "@hapi/platform/lean";
import { aborted, Cancelled } from "./errors.ts";
import { INITIAL } from "./offer.ts";
import { ASK_ID, settingsOf, THEN_MODE, type DemoRecord, type Settings } from "./record.ts";
import type { Scratch } from "./scratch.ts";

export interface TurnContext {
  sessionId: string;
  record: DemoRecord;
  scratch: Scratch;
  client: AgentContext;
  clock: Clock;
  /** Delays are divided by this; 0: no delays at all. */
  speed: number;
  /** File that keeps what the model is asked. */
  requests?: string | undefined;
  /** The client understands forms. */
  canAsk: boolean;
  signal: AbortSignal;
  /** Ends the process in the middle of an answer. */
  breakOff(): Promise<never>;
}

export interface ToolHead {
  toolCallId: string;
  title: string;
  kind: ToolKind;
  rawInput: unknown;
  /** The tool's own. */
  name?: string;
  content?: ToolCallContent[];
}

export interface Permission {
  option: PermissionOption | undefined;
  reason: string | null;
  /** Chosen beside the options. */
  mode: string | null;
}

export interface Voice {
  settings(): Settings;
  send(update: SessionUpdate): Promise<void>;
  keep(update: SessionUpdate): void;
  pause(ms: number): Promise<void>;
  say(text: string): Promise<void>;
  stream(kind: "agent_message_chunk" | "agent_thought_chunk", chunks: Iterable<string>, everyMs: number): Promise<void>;
  /** Asks for permission. Throws `Cancelled` when the client cancels. */
  ask(head: ToolHead, options: PermissionOption[]): Promise<Permission>;
  /** Counts on after a resume. */
  nextToolId(): string;
}

export function voiceOf(context: TurnContext): Voice {
  const { client, record, sessionId, signal } = context;
  const send = (update: SessionUpdate) => client.notify(methods.client.session.update, { sessionId, update });
  const keep = (update: SessionUpdate) => record.append({ t: "update", update });

  const pause = async (ms: number) => {
    if (signal.aborted) throw new Cancelled();
    const waitMs = context.speed > 0 ? ms / context.speed : 0;
    if (waitMs <= 0) return;
    await delay(waitMs, { clock: context.clock, signal }).catch((cause: unknown) => {
      throw signal.aborted ? new Cancelled() : cause;
    });
  };

  const stream: Voice["stream"] = async (kind, chunks, everyMs) => {
    let said = "";
    try {
      for (const text of chunks) {
        await pause(everyMs);
        await send({ sessionUpdate: kind, content: { type: "text", text } });
        said += text;
      }
    } finally {
      // Cut short, what was said stands.
      if (said !== "") keep({ sessionUpdate: kind, content: { type: "text", text: said } });
    }
  };

  return {
    settings: () => settingsOf(record.lines, INITIAL),
    send,
    keep,
    pause,
    stream,
    say: (text) => stream("agent_message_chunk", pieces(text), 25),
    async ask(head, options) {
      const { requestPermission } = methods.client.session;
      const params: RequestPermissionRequest = { sessionId, toolCall: { ...head, status: "pending" }, options };
      const answer = await asked(context, requestPermission, params, (_meta) => client.request(requestPermission, { ...params, _meta }));
      if (answer.outcome.outcome === "cancelled") throw new Cancelled();
      const { optionId } = answer.outcome;
      const said = (key: string): string | null => {
        const value: unknown = answer._meta?.[key];
        return typeof value === "string" ? value : null;
      };
      return { option: options.find((option) => option.optionId === optionId), reason: said("hapi.reason"), mode: said(THEN_MODE) };
    },
    nextToolId: () => nextToolId(record),
  };
}

/** Asks the client. From before it is asked until it is answered it stands in the record, so that whoever reads along knows what waits. */
export async function asked<R extends object>(
  { record, signal }: TurnContext,
  method: string,
  params: object,
  request: (meta: Record<string, unknown>) => Promise<R>,
): Promise<R> {
  const id = `ask-${record.lines.filter((line) => line.t === "ask").length + 1}`;
  record.append({ t: "ask", id, method, params });
  let result: R | null = null;
  try {
    result = await Promise.race([request({ [ASK_ID]: id }), aborted(signal)]);
    return result;
  } finally {
    record.append({ t: "answered", id, result });
  }
}

/** By its turn: a call that died with its process before it came into the record was of an earlier one, and keeps its id to itself. */
function nextToolId({ lines }: DemoRecord): string {
  const starts = lines.filter((line) => line.t === "user" || line.t === "retry").length;
  const turn = lines.slice(lines.findLastIndex((line) => line.t === "user" || line.t === "retry") + 1);
  const calls = turn.filter((line) => line.t === "update" && line.update.sessionUpdate === "tool_call").length;
  return `tool-${starts}-${calls + 1}`;
}

/** Three words at a time, as a model streams. */
function* pieces(text: string): Generator<string> {
  yield* text.match(/(?:\S+\s*){1,3}|\s+/g) ?? [];
}

export const textContent = (text: string): ToolCallContent => ({ type: "content", content: { type: "text", text } });
