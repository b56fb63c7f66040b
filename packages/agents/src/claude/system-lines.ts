/** `system` and `attachment` lines. Which of them say something is in the vocabulary. */
import { withoutEarlier } from "../shared/earlier.ts";
import type { CommandReader } from "./command-lines.ts";
import { failureOfRetryLine } from "./failures.ts";
import { type Json, num, obj, str } from "./json.ts";
import { attachmentNotice, plain, systemNotice } from "./notices.ts";
import { CLI, type ParserWriter } from "./parser-writer.ts";
import { foreignSender } from "./prompt-lines.ts";
import { textOf } from "./tool-results.ts";
import { ATTACHMENTS } from "./vocabulary/attachments.ts";
import { SYSTEM } from "./vocabulary/system.ts";
import type { Named } from "./vocabulary/words.ts";

type Reader = (line: Json, uuid: string) => void;

/** Subtypes that never stand in a transcript. */
const STDOUT_ONLY = {
  api_retry: "stdout only",
  init: "stdout only",
  status: "stdout only",
  elicitation_complete: "stdout only",
  session_title_changed: "stdout only",
  background_tasks_changed: "stdout only",
} as const;

export function createSystemReader(w: ParserWriter, commands: CommandReader): { system: Reader; attachment: Reader } {
  const { context, state, emit } = w;
  const { parent } = context;

  function readApiError(line: Json, uuid: string): void {
    const attempt = num(line["retryAttempt"]);
    if (attempt === undefined || context.history || parent !== undefined) return;
    emit(`${uuid}:0`, {
      type: "retrying",
      id: uuid,
      attempt,
      maxAttempts: num(line["maxRetries"]) ?? attempt,
      delayMs: Math.round(num(line["retryInMs"]) ?? 0),
      failure: failureOfRetryLine(line),
    });
  }

  const systemReaders: Readonly<Record<Named<typeof SYSTEM, "used">, Reader | "stdout only">> = {
    local_command: (line, uuid) => (parent === undefined ? commands.local(line, uuid) : undefined),
    turn_duration: (line) =>
      line["entrypoint"] === CLI && parent === undefined ? w.closeTurn("completed", { durationMs: num(line["durationMs"]) }) : undefined,
    api_error: readApiError,
    ...STDOUT_ONLY,
  };

  function readSystem(line: Json, uuid: string): void {
    const subtype = line["subtype"];
    if (w.passesOver(SYSTEM, "system", subtype, line)) return;
    const read = Object.hasOwn(systemReaders, String(subtype)) ? systemReaders[subtype as keyof typeof systemReaders] : undefined;
    if (typeof read === "function") return read(line, uuid);
    const notice = systemNotice(line);
    if (notice) w.say(uuid, notice);
  }

  /** A prompt that Claude took up in the middle of a turn stands in an attachment, not in a line of its own. */
  function readAttachment(line: Json, uuid: string): void {
    const attachment = obj(line["attachment"]);
    if (w.passesOver(ATTACHMENTS, "attachment", attachment["type"], line)) return;
    const notice = attachmentNotice(line);
    if (notice) return w.say(uuid, notice);
    if (attachment["type"] !== "queued_command" || parent !== undefined || attachment["commandMode"] !== "prompt") return;
    const from = foreignSender(attachment);
    if (from !== null) return w.say(uuid, { text: `A message from a ${from}: ${plain(queuedText(attachment))}`, level: "info" });
    // What Claude queues for itself is not the person's.
    if (attachment["isMeta"] === true || obj(attachment["origin"])["kind"] === "task-notification") return;
    const source = str(attachment["source_uuid"]) ?? uuid;
    const text = queuedText(attachment);
    const localId = w.userMessage(
      source,
      context.promptOf(source)?.text || (line["entrypoint"] === CLI ? text : withoutEarlier(text)),
      line,
    );
    w.out.facts.push({ type: "prompts", uuids: [source] });
    if (localId !== null && state.turn && !state.turn.localIds.includes(localId)) state.turn.localIds.push(localId);
  }

  return { system: readSystem, attachment: readAttachment };
}

const queuedText = (attachment: Json): string =>
  typeof attachment["prompt"] === "string" ? attachment["prompt"] : textOf(attachment["prompt"]);
