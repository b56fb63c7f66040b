/** One event of the server → the mirror, and what comes of it. Events of other conversations are not ours; a word nobody decided about is told raw. */
import { noticeWords } from "@hapi/protocol";
import { shortText } from "@hapi/core";
import { ignore } from "@hapi/platform/lean";
import { fields, filled, number, text, type Fields } from "../shared/read.ts";
import { boundedRaw, countUnknown } from "../shared/unknown-words.ts";
import { failureOf, isAborted, waitingFailure } from "./failure.ts";
import { isOurs, removeMessage, removePart, setMessage, setPart } from "./mirror.ts";
import { openRequest, requestReplied } from "./requests.ts";
import { STATE_KEY, type Translation } from "./state.ts";
import { streamDelta } from "./streams.ts";
import { OWN_RETRIES, tell } from "./teller.ts";
import { failUnbegun } from "./turns.ts";
import { isHandled, isSilent, type Handled } from "./vocabulary.ts";

export interface Hearing {
  to: Translation;
  allow(requestId: string): void;
  /** It can't be kept open, so nobody can be asked. */
  refuse(requestId: string): void;
  title: string | null;
}

export function hear(hearing: Hearing, type: string, event: Fields): void {
  const { to } = hearing;
  const properties = fields(event["properties"]);
  if (!isHandled(type)) {
    if (!isSilent(type)) unknownEvent(to, type, event);
    return;
  }
  if (type === "session.created") sessionCreated(to, fields(properties["info"]));
  const sessionId = sessionOf(properties);
  if (sessionId !== undefined && !isOurs(to.mirror, to.state.threadId, sessionId)) return;
  handlers[type]?.(hearing, properties);
}

const sessionOf = (properties: Fields): string | undefined =>
  filled(properties["sessionID"]) ??
  filled(fields(properties["part"])["sessionID"]) ??
  filled(fields(properties["info"])["sessionID"]) ??
  filled(fields(properties["info"])["id"]);

function unknownEvent(to: Translation, type: string, event: Fields): void {
  to.context.log.debug("opencode.unknown_event", { type });
  const isShown = countUnknown(to.unknown, "event", type);
  const properties = fields(event["properties"]);
  if (!isShown || (type !== "unreadable" && sessionOf(properties) !== to.state.threadId)) return;
  const id = filled(event["id"]) ?? `${type}:${to.context.clock.now()}:${to.unknown[`event/${type}`]}`;
  to.emit({ type: "record", key: id, event: { type: "unknown", id, raw: boundedRaw(event) } });
}

function sessionCreated({ mirror }: Translation, info: Fields): void {
  const [id, parent] = [filled(info["id"]), filled(info["parentID"])];
  if (id !== undefined && parent !== undefined) mirror.parents.set(id, parent);
}

/** Told and over: only its summary still changes. */
const isOver = ({ state }: Translation, sessionId: unknown, messageId: unknown): boolean =>
  sessionId === state.threadId && typeof messageId === "string" && state.readFrom !== null && messageId <= state.readFrom;

type Handler = (hearing: Hearing, properties: Fields) => void;

const handlers: Partial<Record<Handled, Handler>> = {
  "message.updated": ({ to }, { info }) => {
    const { id, sessionID } = fields(info);
    if (isOver(to, sessionID, id)) return;
    tell(to, setMessage(to.mirror, fields(info))?.id);
  },
  "message.part.updated": ({ to }, { part }) => {
    const { messageID, sessionID } = fields(part);
    if (isOver(to, sessionID, messageID)) return;
    setPart(to.mirror, fields(part), true);
    tell(to, text(messageID));
  },
  "message.part.delta": ({ to }, properties) => streamDelta(to, properties),
  "message.removed": ({ to }, properties) => removeMessage(to.mirror, properties),
  "message.part.removed": ({ to }, properties) => removePart(to.mirror, properties),
  "permission.asked": asked,
  "question.asked": asked,
  "permission.replied": ({ to }, properties) => requestReplied(to, text(properties["requestID"]) ?? "", properties),
  "question.replied": ({ to }, properties) => requestReplied(to, text(properties["requestID"]) ?? "", properties),
  "question.rejected": ({ to }, properties) => requestReplied(to, text(properties["requestID"]) ?? "", { ...properties, rejected: true }),
  "session.updated": sessionUpdated,
  "session.status": statusChanged,
  "session.error": sessionFailed,
  "session.compacted": ({ to }) => tell(to),
};

function asked({ to, allow, refuse }: Hearing, properties: Fields): void {
  tell(to);
  const open = openRequest(to, properties);
  if (!open) {
    const id = text(properties["id"]);
    if (id === undefined || to.state.requests[id]) return;
    refuse(id);
    return unasked(to, id, properties);
  }
  // As its own `--auto` does: what the person's configuration denies is never asked.
  if (to.state.mode === "yolo" && open.request.kind === "permission") return allow(open.request.id);
  // As it is shown it is answered, also after a restart: by then OpenCode may say more of the call.
  ignore(to.context.memory.commit({ [STATE_KEY]: structuredClone(to.state) }), "the ledger says so itself");
  to.emit({ type: "request", request: open.request });
}

/** More than can be kept open. */
function unasked(to: Translation, requestId: string, properties: Fields): void {
  const id = `${requestId}:unasked`;
  const tool = text(properties["permission"]) ?? "question";
  const words = noticeWords("request_unasked", { agent: "OpenCode", tool });
  to.emit({ type: "record", key: id, event: { type: "notice", id, ...words, level: "warning" } });
}

/** The name it gives a conversation before it has one of its own. */
const UNNAMED = /^(New session|Child session) - \d{4}-/;

function sessionUpdated(hearing: Hearing, { info }: Fields): void {
  const { to } = hearing;
  tell(to);
  const { id, title } = fields(info);
  if (id !== to.state.threadId || typeof title !== "string" || title === "" || UNNAMED.test(title) || title === hearing.title) return;
  hearing.title = title;
  to.emit({ type: "title", title: shortText(title, 500) });
}

function statusChanged({ to }: Hearing, properties: Fields): void {
  if (properties["sessionID"] !== to.state.threadId) return;
  const status = fields(properties["status"]);
  const before = to.isBusy;
  to.isBusy = status["type"] !== "idle";
  if (status["type"] === "retry") return retrying(to, status);
  if (to.isBusy && !before) to.emit({ type: "thinking", thinking: true });
  tell(to);
  const isQuiet = !to.isBusy && !to.state.turn && !to.state.pending;
  if (isQuiet && before) to.emit({ type: "thinking", thinking: false });
}

/** OpenCode waits and tries again by itself. */
function retrying(to: Translation, status: Fields): void {
  tell(to);
  const { clock } = to.context;
  const attempt = number(status["attempt"]) ?? 1;
  const delayMs = Math.max(0, (number(status["next"]) ?? clock.now()) - clock.now());
  const id = `${to.state.turn?.lastId ?? to.state.threadId}:retry:${attempt}`;
  if (to.told.has(id)) return;
  to.told.add(id);
  const failure = waitingFailure(text(status["message"]) ?? "");
  to.emit({ type: "record", key: id, event: { type: "retrying", id, attempt, maxAttempts: OWN_RETRIES, delayMs, failure } });
}

/** Where no answer was begun this is all that is said; else the answer itself says it. */
function sessionFailed({ to }: Hearing, properties: Fields): void {
  if (properties["sessionID"] !== to.state.threadId || to.state.turn) return;
  const { error } = properties;
  failUnbegun(to, isAborted(error) ? { outcome: "interrupted" } : { outcome: "failed", failure: failureOf(error, to.context.clock.now()) });
}
