/**
 * What Claude says around the conversation, in the transcript or on stdout → a sentence. Which of it is shown is in the vocabulary's tables;
 * field names are those of 2.1.329 and 2.1.332, of which stdout writes some with underscores.
 */
import { stripVTControlCharacters } from "node:util";
import { isJson, type Json, list, num, obj, str, strings } from "./json.ts";
import { bounded } from "./tool-results.ts";
import { ATTACHMENTS } from "./vocabulary/attachments.ts";
import type { LINES } from "./vocabulary/lines.ts";
import { SYSTEM } from "./vocabulary/system.ts";
import type { Named } from "./vocabulary/words.ts";

export interface Notice {
  text: string;
  level: "info" | "warning";
  format?: "markdown";
}

type Say = (line: Json) => Notice | null;

const info = (text: string): Notice => ({ text, level: "info" });
const warning = (text: string): Notice => ({ text, level: "warning" });

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
  const what = strings(line["lost"]).map((one) => (one === "transcript" ? "the conversation's own record" : "its settings"));
  return warning(
    `The disk is full (${str(line["error_code"]) ?? "no space"}): Claude Code could not write ${what.join(" and ") || "everything"}`,
  );
}

function stopHooks(line: Json): Notice | null {
  const errors = strings(line["hookErrors"]).map(plain);
  if (errors.length > 0) return warning(`A Stop hook: ${errors.join("\n")}`);
  return line["preventedContinuation"] === true
    ? warning(`A Stop hook held the turn up: ${str(line["stopReason"]) || "no reason given"}`)
    : null;
}

const systemNotices: Readonly<Record<Named<typeof SYSTEM, "shown">, Say>> = {
  local_command_output: words("info"),
  informational: (line) => ({ text: wordsOf(line), level: line["level"] === "warning" ? "warning" : "info" }),
  compact_boundary: () => info("The conversation was compacted"),
  notification: (line) => (line["priority"] === "high" || line["priority"] === "immediate" ? warning(wordsOf(line)) : null),
  model_fallback: words("warning"),
  model_refusal_fallback: words("warning"),
  model_refusal_no_fallback: words("warning"),
  model_consent_fallback: words("warning"),
  permission_retry: words("info"),
  memory_saved: (line) => info(`Saved to memory: ${strings(line["writtenPaths"] ?? line["written_paths"]).join(", ")}`),
  agents_killed: () => warning("The sub-agents in the background were ended"),
  away_summary: words("info"),
  scheduled_task_fire: words("info"),
  session_writes_lost: writesLost,
  late_allow_not_run: () => warning("An allow came too late: the tool did not run"),
  file_attachments_missing: (line) =>
    warning(`${list(line["missing"]).length} of ${num(line["sent_count"]) ?? "the"} attached files did not arrive`),
  instruction_size_warning: () => warning("The instruction files (CLAUDE.md) are very long: they take much of the context"),
  stop_hook_summary: stopHooks,
  code_change_published: (line) => info(`Published: ${str(line["url"]) ?? str(line["identifier"]) ?? ""}`),
  plugin_install: (line) =>
    line["status"] === "failed"
      ? warning(`The plugin ${str(line["name"]) ?? ""} could not be installed: ${str(line["error"]) ?? ""}`)
      : null,
  mirror_error: (line) => warning(str(line["error"]) ?? ""),
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
  return warning(`The conversation could not be compacted: ${str(line["compact_error"]) ?? "no reason given"}`);
}

const hookName = (attachment: Json): string => str(attachment["hookName"]) ?? str(attachment["hookEvent"]) ?? "";

function hookSaid(attachment: Json): string {
  const blocking = attachment["blockingError"];
  const said = str(attachment["content"]) ?? str(attachment["message"]) ?? str(attachment["stderr"]) ?? str(blocking) ?? "";
  return plain(said || (isJson(blocking) ? (str(blocking["blockingError"]) ?? "") : ""));
}

const hook =
  (level: Notice["level"], does: string): Say =>
  (attachment) => ({ text: `The hook ${hookName(attachment)} ${does}: ${hookSaid(attachment)}`, level });

const attachmentNotices: Readonly<Record<Named<typeof ATTACHMENTS, "shown">, Say>> = {
  hook_system_message: hook("info", "says"),
  hook_blocking_error: hook("warning", "refused"),
  hook_stopped_continuation: hook("warning", "ended the turn"),
  hook_non_blocking_error: hook("warning", "failed"),
  hook_error_during_execution: hook("warning", "failed"),
  max_turns_reached: (attachment) => warning(`The limit of ${num(attachment["maxTurns"]) ?? ""} turns is reached`),
};

export function attachmentNotice(line: Json): Notice | null {
  const attachment = obj(line["attachment"]);
  const type = str(attachment["type"]) ?? "";
  return Object.hasOwn(attachmentNotices, type) ? attachmentNotices[type as keyof typeof attachmentNotices](attachment) : null;
}

/** Lines that have no id of their own and are told as a sentence. */
export const markNotices = {
  "pr-link": (line) => info(`Pull request: ${str(line["prUrl"]) ?? ""}`),
  "ended-by-model": () => warning("Claude ended this conversation"),
  "continued-in": (line) => info(`The conversation goes on in another one: ${str(line["continuedInSessionId"]) ?? ""}`),
} as const satisfies Partial<Record<Named<typeof LINES, "shown">, Say>>;
