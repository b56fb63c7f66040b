/**
 * The demo agent's record → events, while its own front end runs in the terminal: what was said there is told from what stands on disk.
 * Invariant: a line is told with the offset of its first byte as its key, so reading again from a checkpoint tells the same.
 */
import { closeSync, openSync, readSync, fstatSync } from "node:fs";
import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { withdrawRequests } from "../acp/closings.ts";
import { factsOf } from "../acp/facts.ts";
import { failureOf } from "../acp/failure.ts";
import { openRequest } from "../acp/requests.ts";
import { newState, type AcpState, type Translation } from "../acp/state.ts";
import { endOpenTools, toolUpdate } from "../acp/tools.ts";
import { sessionUpdate } from "../acp/updates.ts";
import type { DriverContext, DriverEvent, RequestAnswer } from "../driver.ts";
import { type ByteLine, createByteLines } from "../shared/byte-lines.ts";
import { fields } from "../shared/read.ts";
import { answered, replyOf, type Reply } from "./asked.ts";
import { INITIAL, MODES } from "./offer.ts";
import { demoProfile } from "./profile.ts";
import { recordFile, type RecordLine } from "./record.ts";

/** Read in pieces of this size; a line of the record is at most a file of the scratch folder, twice. */
const PIECE_BYTES = 1 << 20;

export interface FeedState {
  threadId: string;
  offset: number;
  /** The turn that has begun and not ended; its key and its beginning. */
  turn: { key: string; at: number } | null;
  /** What is asked, and the calls that it is about. */
  open?: Pick<AcpState, "tools" | "requests">;
}

/** How a request ended; null: not by an answer. */
export type AnsweredBy = "remote" | "terminal" | null;

export interface RecordFeed {
  readonly state: FeedState;
  /** Tells everything that is in the record by now; the last record of each line carries the checkpoint. */
  catchUp(): void;
  /** After a restart: what is still asked. */
  announce(): void;
  /** Null: it is not asked (any more). */
  reply(requestId: string, answer: RequestAnswer): Reply | null;
  /** By whose answer it ended; at once when it is not open. */
  ended(requestId: string): Promise<AnsweredBy>;
  /** The front end is gone: a turn that has not ended was interrupted. */
  close(): void;
}

export function feedRecord(context: DriverContext, dir: string, state: FeedState, checkpoint: () => Record<string, unknown>): RecordFeed {
  const file = recordFile(dir, state.threadId);
  let events: DriverEvent[] = [];
  const now = () => context.clock.now();
  const ends = new Map<string, PromiseWithResolvers<AnsweredBy>>();
  const open = (state.open ??= { tools: {}, requests: {} });
  // It applies its modes itself: what it asks in the terminal is a person's to answer.
  const facts = factsOf({}, { modes: { availableModes: MODES } });
  const to: Translation = {
    state: {
      ...newState(state.threadId, state.threadId, facts, { offset: 0, nextInput: 0 }),
      mode: INITIAL.mode,
      tools: open.tools,
      requests: open.requests,
    },
    profile: demoProfile,
    log: context.log,
    now,
    emit: (event) => void events.push(event),
  };

  const record = (key: string, event: Extract<DriverEvent, { type: "record" }>["event"]) =>
    to.emit({ type: "record", key, at: now(), event });

  const endTurn = (outcome: "completed" | "interrupted" | "failed", failure?: ReturnType<typeof failureOf>) => {
    if (!state.turn) return;
    const { key, at } = state.turn;
    state.turn = null;
    endOpenTools(to, outcome);
    withdrawRequests(to);
    const durationMs = Math.max(0, now() - at);
    record(`${key}:end`, { type: "turn-ended", id: `${key}:end`, outcome, durationMs, ...(failure ? { failure } : {}) });
    to.emit({ type: "thinking", thinking: false });
  };

  const beginTurn = (key: string) => {
    state.turn = { key, at: now() };
    record(`${key}:turn`, { type: "turn-started", id: `${key}:turn` });
    to.emit({ type: "thinking", thinking: true });
  };

  const update = (key: string, one: SessionUpdate, offset: number) => {
    if (one.sessionUpdate === "agent_message_chunk" || one.sessionUpdate === "agent_thought_chunk") {
      if (one.content.type !== "text") return;
      const type = one.sessionUpdate === "agent_message_chunk" ? ("agent-message" as const) : ("thought" as const);
      return record(key, { type, id: key, text: one.content.text });
    }
    if (one.sessionUpdate === "tool_call") return toolUpdate(to, fields(one), true);
    sessionUpdate(to, fields(one), offset);
  };

  const tell = (line: RecordLine, offset: number) => {
    const key = `${state.threadId}:${offset}`;
    switch (line.t) {
      case "user":
        record(key, { type: "user-message", id: key, text: line.text, origin: "terminal" });
        return beginTurn(key);
      case "retry":
        return beginTurn(key);
      case "update":
        return update(key, line.update, offset);
      case "set":
        if (line.mode) to.emit({ type: "mode", mode: line.mode });
        if (line.model) to.emit({ type: "model", model: line.model });
        return;
      case "end":
        return endTurn(line.stopReason === "cancelled" ? "interrupted" : "completed");
      case "fail":
        return endTurn("failed", failureOf({ code: -32603, message: line.message, data: { httpStatus: line.status } }));
      case "ask":
        return void openRequest(to, line.id, line.method, line.params);
      case "answered":
        return answered(to, line.id, line.result);
      case "session":
        return;
    }
  };

  const flush = () => {
    const said = events;
    events = [];
    const last = said.findLastIndex((event) => event.type === "record");
    for (const [index, event] of said.entries())
      context.emit(index === last && event.type === "record" ? { ...event, checkpoint: checkpoint() } : event);
    for (const event of said) if (event.type === "request-closed") ends.get(event.id)?.resolve(event.by === "agent" ? null : event.by);
  };

  return {
    state,
    catchUp() {
      for (const { text, start, end } of linesFrom(file, state.offset)) {
        tell(JSON.parse(text) as RecordLine, start);
        state.offset = end;
        flush();
      }
    },
    announce() {
      for (const { request } of Object.values(open.requests)) context.emit({ type: "request", request });
    },
    reply(requestId, answer) {
      const asked = open.requests[requestId];
      return asked ? replyOf(to, asked, answer) : null;
    },
    ended(requestId) {
      if (!open.requests[requestId]) return Promise.resolve(null);
      const end = ends.get(requestId) ?? Promise.withResolvers<AnsweredBy>();
      ends.set(requestId, end);
      return end.promise;
    },
    close() {
      endTurn("interrupted");
      flush();
    },
  };
}

/** Whole lines only; what is still being written comes next time. */
function* linesFrom(file: string, from: number): Generator<ByteLine> {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return;
    throw cause;
  }
  try {
    const lines = createByteLines(from);
    const piece = Buffer.alloc(PIECE_BYTES);
    for (let at = from; at < fstatSync(fd).size;) {
      const count = readSync(fd, piece, 0, PIECE_BYTES, at);
      if (count === 0) return;
      yield* lines.push(at, piece.subarray(0, count));
      at += count;
    }
  } finally {
    closeSync(fd);
  }
}
