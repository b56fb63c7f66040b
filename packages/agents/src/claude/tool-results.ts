/** Results of Claude's tools, as they stand in the transcript → status, text and the richer content views can draw. Everything is bounded. */
import { cutText } from "@hapi/core";
import type { AgentEvent, ToolContent } from "@hapi/protocol";
import { isJson, type Json, list, num, obj, str } from "./json.ts";
import type { Verdict } from "./request-fate.ts";

type ToolResult = Extract<AgentEvent, { type: "tool-result" }>;

export const MAX_OUTPUT_CHARS = 200_000;
/** base64; a screenshot fits. */
const MAX_IMAGE_CHARS = 4_000_000;
const MAX_IMAGES = 10;

export function bounded(text: string, max = MAX_OUTPUT_CHARS): string {
  if (text.length <= max) return text;
  const cut = cutText(text, max);
  return `${cut}\n… ${text.length - cut.length} more characters`;
}

/** Since 2.1.3xx; a result of a call that nobody had to decide about has none, or one of a rule. */
export function verdictOf(line: Json): Verdict | undefined {
  const { decision, source } = obj(line["permissionDecision"]);
  if (decision !== "accept" && decision !== "reject") return undefined;
  const by = source === "hook" ? "hook" : typeof source === "string" && source.startsWith("user") ? "person" : "rules";
  return { decision, by };
}

/** Rejected, and not before it ran: it was allowed, and stopped while it ran. */
export const stoppedRunning = (line: Json): boolean => line["toolDenialKind"] === "user-rejected" && line["toolDenialBeforeRun"] !== true;

/**
 * *Denied* is said only of what somebody denied. `toolDenialKind` alone does not say it: `user-rejected` stands also for a tool that was stopped
 * while it ran (then without `toolDenialBeforeRun`), `interrupted` for one whose agent was killed. `stopping`: we stopped the turn ourselves.
 */
export function statusOf(line: Json, block: Json, text: string, stopping = false): ToolResult["status"] {
  const decision = verdictOf(line)?.decision;
  if (decision === "reject") return "denied";
  const kind = str(line["toolDenialKind"]);
  // By its words only where Claude itself wrote them: an error of a tool that was not allowed to run. What a tool said may read the same.
  const isClaudes = kind === undefined && block["is_error"] === true && decision !== "accept";
  const rejected = kind === "user-rejected" || (isClaudes && text.startsWith("The user doesn't want to proceed with this tool use"));
  if (rejected) return stopping || stoppedRunning(line) ? "cancelled" : "denied";
  if (kind === "cancelled" || kind === "interrupted") return "cancelled";
  if (kind !== undefined) return "denied";
  if (obj(line["toolUseResult"])["interrupted"] === true) return "cancelled";
  if (isClaudes && text.startsWith("[Request interrupted by user")) return "cancelled";
  return block["is_error"] === true ? "failed" : "completed";
}

function imageOf(block: Json): ToolContent[] {
  const source = obj(block["source"]);
  const data = str(source["data"]);
  if (data === undefined || data.length > MAX_IMAGE_CHARS) return [];
  return [{ type: "image", mimeType: str(source["media_type"]) ?? "image/png", data }];
}

export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return list(content)
    .filter(isJson)
    .map((block) =>
      block["type"] === "text" ? (str(block["text"]) ?? "") : block["type"] === "tool_reference" ? (str(block["tool_name"]) ?? "") : "",
    )
    .filter((text) => text !== "")
    .join("\n");
}

function terminalOf(result: Json, input: Json): ToolContent[] {
  const stdout = str(result["stdout"]);
  if (stdout === undefined) return [];
  const stderr = str(result["stderr"]);
  const command = str(input["command"]);
  return [
    {
      type: "terminal",
      ...(command === undefined ? {} : { command }),
      stdout: bounded(stdout),
      ...(stderr ? { stderr: bounded(stderr) } : {}),
    },
  ];
}

/** Old and new text of each hunk, with the lines around it, their numbers, and without their marks. */
function fromPatch(path: string, patch: unknown): ToolContent[] {
  return list(patch)
    .filter(isJson)
    .slice(0, 50)
    .map((hunk) => {
      const lines = list(hunk["lines"]).filter((line): line is string => typeof line === "string");
      const side = (mark: string): string =>
        lines
          .filter((line) => line[0] === mark || line[0] === " ")
          .map((line) => line.slice(1))
          .join("\n");
      const oldStart = num(hunk["oldStart"]);
      const newStart = num(hunk["newStart"]);
      return {
        type: "diff",
        path,
        oldText: bounded(side("-")),
        newText: bounded(side("+")),
        ...(oldStart === undefined ? {} : { oldStart: Math.max(1, oldStart) }),
        ...(newStart === undefined ? {} : { newStart: Math.max(1, newStart) }),
      };
    });
}

function diffOf(result: Json): ToolContent[] {
  const path = str(result["filePath"]);
  if (path === undefined) return [];
  const hunks = fromPatch(path, result["structuredPatch"]);
  if (hunks.length > 0) return hunks;
  const oldText = str(result["oldString"]);
  const newText = str(result["newString"]);
  if (oldText !== undefined && newText !== undefined) return [{ type: "diff", path, oldText: bounded(oldText), newText: bounded(newText) }];
  const content = str(result["content"]);
  if (content === undefined) return [];
  const before = str(result["originalFile"]);
  return [{ type: "diff", path, oldText: before === undefined ? null : bounded(before), newText: bounded(content) }];
}

const imagesIn = (content: unknown): Json[] =>
  list(content)
    .filter(isJson)
    .filter((part) => part["type"] === "image");

/** What a result has and no view shows is named at least: a document, a picture that is too large. */
function unshown(content: unknown): string[] {
  const images = imagesIn(content);
  const left = images.length - images.slice(0, MAX_IMAGES).flatMap(imageOf).length;
  const others = list(content)
    .filter(isJson)
    .map((part) => str(part["type"]) ?? "?")
    .filter((type) => type !== "text" && type !== "tool_reference" && type !== "image");
  return [...others, ...Array.from({ length: left }, () => "image")].map((type) => `[${type}]`);
}

/** Claude marks errors that the tool itself did not say (2.1.329: input that does not fit, a file not read before). The mark is for its model. */
const ownError = /^<tool_use_error>([\s\S]*)<\/tool_use_error>$/;
const wordsOf = (block: Json): string => {
  const text = textOf(block["content"]);
  return block["is_error"] === true ? text.replace(ownError, "$1") : text;
};

export function toolResultOf(options: {
  line: Json;
  block: Json;
  input: Json;
  id: string;
  callId: string;
  parent?: string;
  stopping?: boolean;
}): ToolResult {
  const { line, block, input } = options;
  const output = bounded([wordsOf(block), ...unshown(block["content"])].filter((text) => text !== "").join("\n"));
  const result = obj(line["toolUseResult"]);
  const images = imagesIn(block["content"]).slice(0, MAX_IMAGES).flatMap(imageOf);
  const content = [...terminalOf(result, input), ...diffOf(result), ...images];
  return {
    type: "tool-result",
    id: options.id,
    callId: options.callId,
    status: statusOf(line, block, output, options.stopping),
    output,
    ...(content.length > 0 ? { content } : {}),
    ...(options.parent === undefined ? {} : { parent: options.parent }),
  };
}
