/**
 * Turns, which OpenCode's record does not name: a turn is the answers to one prompt, from the first to the one that comes to its own end while the
 * conversation is idle. After that another answer to the same prompt is a retry, and a turn of its own.
 */
import { type AgentFailure, noticeWords, type NoticeWords, type TurnOutcome } from "@hapi/protocol";
import { failureOf, isAborted } from "./failure.ts";
import { completedAt, createdAt, forgetUpTo, isPersons, type Message, messagesOf, parentOf } from "./mirror.ts";
import { closeAll } from "./requests.ts";
import { handedMessage, STATE_KEY, type Translation } from "./state.ts";
import { usageOf } from "./usage.ts";

/** Said once, whichever is seen first: the end of the call or OpenCode's first sign. */
export function promptHanded(to: Translation): void {
  const { pending } = to.state;
  if (!pending || pending.handed) return;
  pending.handed = true;
  if (!pending.retry) to.emit({ type: "stage", localId: pending.localId, stage: "handed" });
  to.emit({ type: "thinking", thinking: true });
}

const snapshot = (to: Translation) => ({ [STATE_KEY]: structuredClone(to.state) });

/** An answer belongs to the open turn, or begins one. False: its turn is over. */
export function joinTurn(to: Translation, answer: Message): boolean {
  const { state } = to;
  if (state.closedTo !== null && answer.id <= state.closedTo) return false;
  const asked = parentOf(answer) ?? answer.id;
  const { turn } = state;
  if (!turn) beginTurn(to, answer, asked);
  // Words of OpenCode's own (the end of a compaction) go on with the turn; another person's prompt begins one.
  else if (turn.userId !== asked && isAskedByPerson(to, asked)) {
    endTurn(to, { outcome: "completed" }, turn.lastId);
    beginTurn(to, answer, asked);
  }
  if (state.turn) state.turn.lastId = answer.id;
  return true;
}

function isAskedByPerson(to: Translation, userId: string): boolean {
  const message = to.mirror.sessions.get(to.state.threadId)?.get(userId);
  return message === undefined || isPersons(message);
}

function beginTurn(to: Translation, answer: Message, userId: string): void {
  const { state, context } = to;
  const localId = handedMessage(context.memory, userId)?.localId ?? null;
  if (state.pending?.messageId === userId) {
    promptHanded(to);
    state.pending = null;
  }
  const at = createdAt(answer) ?? context.clock.now();
  const id = `turn:${answer.id}`;
  state.turn = { id, userId, localId, startedAt: at, lastId: answer.id };
  if (localId !== null) to.emit({ type: "stage", localId, stage: "started" });
  const event = { type: "turn-started" as const, id, ...(localId === null ? {} : { localId }) };
  to.emit({ type: "record", key: id, at, event, checkpoint: snapshot(to) });
}

export interface Ending {
  outcome: TurnOutcome;
  failure?: AgentFailure;
  notice?: NoticeWords;
}

const stages = { completed: "done", interrupted: "interrupted", failed: "failed" } as const;

/** `lastId`: of the last message that is over with it. */
export function endTurn(to: Translation, ending: Ending, lastId: string): void {
  const { state, context } = to;
  const { turn } = state;
  if (!turn) return;
  const { outcome, failure, notice } = ending;
  const at = context.clock.now();
  closeAll(to, "agent");
  const answers = messagesOf(to.mirror, state.threadId).filter(
    (one) => one.role === "assistant" && `turn:${one.id}` >= turn.id && one.id <= lastId,
  );
  const usage = usageOf(answers, to.windows);
  const { id, localId } = turn;
  if (notice)
    to.emit({ type: "record", key: `${id}:notice`, at, event: { type: "notice", id: `${id}:notice`, ...notice, level: "warning" } });
  if (usage) to.emit({ type: "record", key: `${id}:usage`, at, event: { type: "usage", id: `${id}:usage`, usage } });
  state.turn = null;
  state.closedTo = lastId;
  state.lastTurn = { localId, outcome };
  if (localId !== null) to.emit({ type: "stage", localId, stage: stages[outcome], ...(failure ? { failure } : {}) });
  const facts = { ...(failure ? { failure } : {}), ...(usage ? { usage } : {}), ...(localId === null ? {} : { localIds: [localId] }) };
  const durationMs = Math.max(0, at - turn.startedAt);
  const event = { type: "turn-ended" as const, id: `${id}:end`, outcome, durationMs, ...facts };
  to.emit({ type: "record", key: `${id}:end`, at, event, checkpoint: snapshot(to) });
  if (!to.isBusy && !state.pending) to.emit({ type: "thinking", thinking: false });
}

/** Its end by what its last answer says; undefined: it has none yet. */
export function endingOf(last: Message, now: number): Ending | undefined {
  if (completedAt(last) === undefined) return undefined;
  const { error, finish } = last.info;
  if (isAborted(error)) return { outcome: "interrupted" };
  if (error !== undefined && error !== null) return { outcome: "failed", failure: failureOf(error, now) };
  // It would have gone on with the results: a person said no without a word, which ends OpenCode's turn.
  if (finish === "tool-calls") return { outcome: "interrupted" };
  return { outcome: "completed", ...(finish === "length" ? { notice: noticeWords("answer_cut") } : {}) };
}

/** OpenCode is idle: is the open turn over by its record? */
export function endTurnIfOver(to: Translation): void {
  const { turn, threadId } = to.state;
  if (!turn || to.isBusy) return;
  const last = to.mirror.sessions.get(threadId)?.get(turn.lastId);
  const ending = last && endingOf(last, to.context.clock.now());
  if (!ending) return;
  endTurn(to, ending, turn.lastId);
  passOver(to);
}

/** What is told and over is not read again. A prompt that is not told yet, because its parts are on their way, holds this up. */
export function passOver(to: Translation): void {
  const { state, mirror, told } = to;
  if (state.turn || state.pending) return;
  const messages = messagesOf(mirror, state.threadId);
  const open = messages.findIndex((one) => one.role !== "assistant" && !told.has(one.id) && (one.parts.size === 0 || isPersons(one)));
  const last = messages.at(open < 0 ? -1 : open - 1)?.id;
  if (open === 0 || last === undefined) return;
  state.readFrom = last;
  forgetUpTo(mirror, state.threadId, last);
  for (const session of mirror.sessions.keys()) if (session !== state.threadId) mirror.sessions.delete(session);
  if (mirror.sessions.get(state.threadId)?.size === 0) told.clear();
}

/** A prompt to which no answer was begun: the failure is all there is of its turn. */
export function failUnbegun(to: Translation, ending: Ending): void {
  const { state, context } = to;
  const { pending } = state;
  if (!pending || state.turn) return;
  promptHanded(to);
  const { localId, messageId } = pending;
  state.pending = null;
  // Of a retry there may be several: each is told by the moment it began.
  const at = context.clock.now();
  const id = pending.retry ? `turn:${messageId}:${at}` : `turn:${messageId}`;
  state.turn = { id, userId: messageId, localId, startedAt: at, lastId: messageId };
  to.emit({ type: "stage", localId, stage: "started" });
  to.emit({ type: "record", key: id, at, event: { type: "turn-started", id, localId } });
  endTurn(to, ending, state.closedTo !== null && state.closedTo > messageId ? state.closedTo : messageId);
}
