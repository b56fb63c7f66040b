/**
 * OpenCode's messages → canonical events. The record is the mirror of its messages, read or heard; every record has the key of the message or part it
 * is made of, so that telling it again says nothing new.
 */
import { basename } from "node:path";
import { type AgentEvent, noticeWords } from "@hapi/protocol";
import { fields, filled, number, text } from "../shared/read.ts";
import { boundedRaw, countUnknown } from "../shared/unknown-words.ts";
import { failureOf } from "./failure.ts";
import { callOfChild, createdAt, completedAt, isOurs, isPersons, type Message, messagesOf, type Part, partsOf } from "./mirror.ts";
import { type Handed, handedMessage, lastPrompt, type Translation, withHanded } from "./state.ts";
import { endStream } from "./streams.ts";
import { type Place, tellTool } from "./tools.ts";
import { endTurnIfOver, joinTurn, promptHanded } from "./turns.ts";
import { SILENT_PARTS } from "./vocabulary.ts";
import { modelOf } from "./usage.ts";

/** `arriving`: a message whose parts may still be on their way. */
export function tell(to: Translation, arriving?: string): void {
  const { mirror, state } = to;
  for (const message of messagesOf(mirror, state.threadId)) {
    if (message.role === "user" && message.id !== arriving) tellPrompt(to, message);
    if (message.role === "assistant") tellAnswer(to, message);
  }
  for (const sessionId of mirror.sessions.keys()) if (sessionId !== state.threadId) tellChild(to, sessionId);
  endTurnIfOver(to);
}

function recorder(to: Translation, fallback?: number): Place["record"] {
  return (key, event, moment = fallback) => {
    if (to.told.has(key)) return;
    to.told.add(key);
    to.emit({ type: "record", key, event, ...at(moment) });
  };
}

function tellPrompt(to: Translation, message: Message): void {
  if (to.told.has(message.id) || message.parts.size === 0) return;
  if (!isPersons(message)) return tellMark(to, message, createdAt(message));
  const handed = handedMessage(to.context.memory, message.id);
  if (handed) return tellOurs(to, message, handed);
  const text = [wordsOf(message), ...filesOf(message)].join("\n");
  recorder(to, createdAt(message))(message.id, { type: "user-message", id: message.id, text, origin: "terminal" });
  chosenThere(to, message);
}

/** A prompt of this session, in the agent's record now. */
function tellOurs(to: Translation, message: Message, handed: Handed): void {
  const { memory } = to.context;
  const { localId } = handed;
  if (to.state.pending?.messageId === message.id) promptHanded(to);
  const prompt = lastPrompt(memory);
  const attachments = prompt?.localId === localId ? [...prompt.attachments] : [];
  const files = attachments.length > 0 ? { attachments } : {};
  const event: AgentEvent = { type: "user-message", id: message.id, text: wordsOf(message), origin: "remote", localId, ...files };
  const checkpoint = handed.seen ? {} : withHanded(memory, localId, { ...handed, seen: true });
  to.told.add(message.id);
  to.emit({ type: "record", key: message.id, event, checkpoint, ...at(createdAt(message)) });
  to.emit({ type: "stage", localId, stage: "in-transcript" });
}

const at = (moment: number | undefined) => (moment === undefined ? {} : { at: moment });

/** A message that OpenCode wrote in a person's name. */
function tellMark(to: Translation, message: Message, at: number | undefined): void {
  const id = `${message.id}:compacted`;
  if (![...message.parts.values()].some(({ type }) => type === "compaction")) return;
  recorder(to, at)(id, { type: "notice", id, ...noticeWords("conversation_compacted"), level: "info" });
}

const wordsOf = (message: Message): string =>
  partsOf(message)
    .flatMap(({ type, raw }) => {
      if (type === "subtask") return [`/${filled(raw["command"]) ?? filled(raw["agent"]) ?? "task"} ${text(raw["prompt"]) ?? ""}`.trim()];
      return type === "text" && raw["synthetic"] !== true && raw["ignored"] !== true ? [text(raw["text"]) ?? ""] : [];
    })
    .join("\n");

const filesOf = (message: Message): string[] =>
  partsOf(message).flatMap(({ type, raw }) =>
    type === "file" ? [`[${filled(raw["filename"]) ?? basename(filled(raw["url"])?.slice(0, 500) ?? "file")}]`] : [],
  );

/** With each prompt typed into its own screen OpenCode says the agent and the model that were chosen there. */
function chosenThere(to: Translation, message: Message): void {
  const { state } = to;
  const isPlan = message.info["agent"] === "plan";
  if (isPlan !== (state.mode === "plan")) {
    state.mode = isPlan ? "plan" : "default";
    to.emit({ type: "mode", mode: state.mode, by: "person" });
  }
  const model = modelOf(message);
  if (model === undefined || model === (state.model ?? to.shownModel)) return;
  to.shownModel = model;
  // Nobody chose where there was no choice before: it is OpenCode's own.
  if (state.model === null) return to.emit({ type: "model", model });
  state.model = model;
  to.emit({ type: "model", model, by: "person" });
}

function tellAnswer(to: Translation, message: Message, isGone = false): void {
  const isOpen = joinTurn(to, message);
  const isOver = isGone || !isOpen || completedAt(message) !== undefined;
  const place = { record: recorder(to, createdAt(message)), isOver, isOpen };
  for (const part of partsOf(message)) tellPart(to, part, place);
}

/** A sub-agent works for a call of this conversation; until it is known which one, what it says waits. */
function tellChild(to: Translation, sessionId: string): void {
  if (!isOurs(to.mirror, to.state.threadId, sessionId)) return;
  const parent = callOfChild(to.mirror, sessionId);
  if (parent === undefined) return;
  for (const message of messagesOf(to.mirror, sessionId)) {
    if (message.role !== "assistant") continue;
    const isOver = completedAt(message) !== undefined;
    for (const part of partsOf(message)) tellPart(to, part, { record: recorder(to, createdAt(message)), parent, isOver, isOpen: true });
  }
}

interface Shown extends Place {
  /** Its turn is shown as it goes. */
  isOpen: boolean;
}

function tellPart(to: Translation, part: Part, place: Shown): void {
  switch (part.type) {
    case "text":
    case "reasoning":
      return part.raw["synthetic"] === true ? undefined : tellText(to, part, place);
    case "tool":
      return tellTool(to, part, place);
    case "retry":
      return tellRetry(to, part, place);
    default:
      return SILENT_PARTS.has(part.type) ? undefined : tellUnknown(to, part, place);
  }
}

function tellUnknown(to: Translation, part: Part, { record, parent }: Place): void {
  if (to.told.has(part.id)) return;
  const of = parent === undefined ? {} : { parent };
  if (countUnknown(to.unknown, "part", part.type)) record(part.id, { type: "unknown", id: part.id, raw: boundedRaw(part.raw), ...of });
  else to.told.add(part.id);
}

function tellText(to: Translation, part: Part, { record, parent, isOver, isOpen }: Shown): void {
  const time = fields(part.raw["time"]);
  if (to.told.has(part.id) || !(isOver || number(time["end"]) !== undefined)) return;
  // Where OpenCode died in the middle, what was heard is more than what it wrote down.
  const words = filled(part.raw["text"]) ?? part.live ?? "";
  const isThought = part.type === "reasoning";
  if (isOpen) endStream(to, { part, kind: isThought ? "thought" : "text", words, parent });
  if (words.trim() === "") return void to.told.add(part.id);
  const of = parent === undefined ? {} : { parent };
  record(part.id, { type: isThought ? "thought" : "agent-message", id: part.id, text: words, ...of }, number(time["start"]));
}

/** OpenCode 1.18.33 tries five times. */
export const OWN_RETRIES = 5;

function tellRetry(to: Translation, part: Part, { record }: Place): void {
  const attempt = number(part.raw["attempt"]) ?? 1;
  const failure = failureOf(part.raw["error"], to.context.clock.now());
  record(part.id, { type: "retrying", id: part.id, attempt, maxAttempts: OWN_RETRIES, delayMs: 0, failure });
}

/** Nothing more will come: calls without a result are over, and a text that was being written is what was heard of it. */
export function tellGone(to: Translation): void {
  for (const message of messagesOf(to.mirror, to.state.threadId)) {
    if (message.role === "user") tellPrompt(to, message);
    if (message.role === "assistant") tellAnswer(to, message, true);
  }
}
