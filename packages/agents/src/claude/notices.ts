/**
 * What Claude says around the conversation, in the transcript or on stdout → a sentence. Which of it is shown is in the vocabulary's tables;
 * field names are those of 2.1.329 and 2.1.332, of which stdout writes some with underscores.
 */
import { stripVTControlCharacters } from "node:util";
import { noticeWords, type NoticeWords } from "@hapi/protocol";
import { isJson, type Json, list, num, obj, str, strings } from "./json.ts";
import { AGENT_NAME } from "./name.ts";
import { bounded } from "./tool-results.ts";
import { ATTACHMENTS } from "./vocabulary/attachments.ts";
import type { LINES } from "./vocabulary/lines.ts";
import { SYSTEM } from "./vocabulary/system.ts";
import type { Named } from "./vocabulary/words.ts";

/** Claude's own words, or HAPI's with their code. */
export interface Notice extends Omit<NoticeWords, "code"> {
  code?: NoticeWords["code"];
  level: "info" | "warning";
  format?: "markdown";
}

type Say = (line: Json) => Notice | null;

const agent = AGENT_NAME;
const info = (words: NoticeWords): Notice => ({ ...words, level: "info" });
const warning = (words: NoticeWords): Notice => ({ ...words, level: "warning" });

/** Without what only a terminal can draw; empty: nothing was said. */
export function plain(text: string): string {
  const words = stripVTControlCharacters(text).trim();
  return words === "(no content)" ? "" : bounded(words);
}

const wordsOf = (line: Json): string => plain(str(line["content"]) ?? str(line["text"]) ?? str(line["message"]) ?? "");
const words =
  (level: Notice["level"]): Say =>
  (line) => ({ text: wordsOf(line), level });

function writesLost(line: Json): Notice {
  const what = strings(line["lost"]);
  const record = what.includes("transcript");
  const settings = what.some((one) => one !== "transcript");
  const error = str(line["error_code"]) ?? "ENOSPC";
  const lost = record ? (settings ? "both" : "record") : settings ? "settings" : "all";
  return warning(noticeWords(`disk_full_${lost}`, { agent, error }));
}

function stopHooks(line: Json): Notice | null {
  const errors = strings(line["hookErrors"]).map(plain);
  const by = "Stop";
  if (errors.length > 0) return warning(noticeWords("hook_stop_errors", { hook: by, words: errors.join("\n") }));
  if (line["preventedContinuation"] !== true) return null;
  const reason = str(line["stopReason"]);
  return warning(reason ? noticeWords("hook_stop_held", { hook: by, reason }) : noticeWords("hook_stop_held_unexplained", { hook: by }));
}

const systemNotices: Readonly<Record<Named<typeof SYSTEM, "shown">, Say>> = {
  local_command_output: words("info"),
  informational: (line) => ({ text: wordsOf(line), level: line["level"] === "warning" ? "warning" : "info" }),
  compact_boundary: () => info(noticeWords("conversation_compacted")),
  notification: (line) =>
    line["priority"] === "high" || line["priority"] === "immediate" ? { text: wordsOf(line), level: "warning" } : null,
  model_fallback: words("warning"),
  model_refusal_fallback: words("warning"),
  model_refusal_no_fallback: words("warning"),
  model_consent_fallback: words("warning"),
  permission_retry: words("info"),
  memory_saved: (line) => info(noticeWords("memory_saved", { files: strings(line["writtenPaths"] ?? line["written_paths"]) })),
  agents_killed: () => warning(noticeWords("subagents_ended")),
  away_summary: words("info"),
  scheduled_task_fire: words("info"),
  session_writes_lost: writesLost,
  late_allow_not_run: () => warning(noticeWords("allow_late")),
  file_attachments_missing: (line) => {
    const sent = num(line["sent_count"]);
    const missing = list(line["missing"]).length;
    return warning(sent === undefined ? noticeWords("files_missing_some", { missing }) : noticeWords("files_missing", { missing, sent }));
  },
  instruction_size_warning: () => warning(noticeWords("instructions_long", { file: "CLAUDE.md" })),
  stop_hook_summary: stopHooks,
  code_change_published: (line) => info(noticeWords("change_published", { address: str(line["url"]) ?? str(line["identifier"]) ?? "" })),
  plugin_install: (line) =>
    line["status"] === "failed"
      ? warning(noticeWords("plugin_failed", { plugin: str(line["name"]) ?? "", reason: str(line["error"]) ?? "" }))
      : null,
  mirror_error: (line) => ({ text: str(line["error"]) ?? "", level: "warning" }),
};

/** Null: this subtype is not shown, or there is nothing to say. */
export function systemNotice(line: Json): Notice | null {
  const subtype = str(line["subtype"]) ?? "";
  const notice = Object.hasOwn(systemNotices, subtype) ? systemNotices[subtype as keyof typeof systemNotices](line) : null;
  return notice && notice.text !== "" ? notice : null;
}

/** A compaction that failed is told by a status alone when nobody asked for it. */
export function statusNotice(line: Json): Notice | null {
  if (line["compact_result"] !== "failed") return null;
  const reason = str(line["compact_error"]);
  return warning(reason === undefined ? noticeWords("compact_failed_unexplained") : noticeWords("compact_failed", { reason }));
}

const hookName = (attachment: Json): string => str(attachment["hookName"]) ?? str(attachment["hookEvent"]) ?? "";

function hookSaid(attachment: Json): string {
  const blocking = attachment["blockingError"];
  const said = str(attachment["content"]) ?? str(attachment["message"]) ?? str(attachment["stderr"]) ?? str(blocking) ?? "";
  return plain(said || (isJson(blocking) ? (str(blocking["blockingError"]) ?? "") : ""));
}

const hook =
  (level: Notice["level"], code: "hook_says" | "hook_refused" | "hook_ended_turn" | "hook_failed"): Say =>
  (attachment) => ({ ...noticeWords(code, { hook: hookName(attachment), words: hookSaid(attachment) }), level });

const attachmentNotices: Readonly<Record<Named<typeof ATTACHMENTS, "shown">, Say>> = {
  hook_system_message: hook("info", "hook_says"),
  hook_blocking_error: hook("warning", "hook_refused"),
  hook_stopped_continuation: hook("warning", "hook_ended_turn"),
  hook_non_blocking_error: hook("warning", "hook_failed"),
  hook_error_during_execution: hook("warning", "hook_failed"),
  max_turns_reached: (attachment) => warning(noticeWords("turns_limit", { turns: num(attachment["maxTurns"]) ?? "" })),
};

export function attachmentNotice(line: Json): Notice | null {
  const attachment = obj(line["attachment"]);
  const type = str(attachment["type"]) ?? "";
  return Object.hasOwn(attachmentNotices, type) ? attachmentNotices[type as keyof typeof attachmentNotices](attachment) : null;
}

/** Lines that have no id of their own and are told as a sentence. */
export const markNotices = {
  "pr-link": (line) => info(noticeWords("pull_request", { address: str(line["prUrl"]) ?? "" })),
  "ended-by-model": () => warning(noticeWords("conversation_ended", { agent })),
  "continued-in": (line) => info(noticeWords("conversation_elsewhere", { thread: str(line["continuedInSessionId"]) ?? "" })),
} as const satisfies Partial<Record<Named<typeof LINES, "shown">, Say>>;
