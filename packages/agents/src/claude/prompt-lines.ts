/** What a `user` line of the transcript is: someone's prompt, a slash command, an interruption, or Claude talking to itself. */
import { withoutEarlier } from "../shared/earlier.ts";
import { isJson, type Json, list, obj, str, strings } from "./json.ts";

export type UserLine =
  | {
      kind: "prompt";
      text: string;
      images: number;
      /** sendings merged into this line, oldest first, without its own uuid */ merged: string[];
    }
  | { kind: "command"; name: string; args: string }
  | { kind: "command-output"; text: string }
  | { kind: "local-caveat" }
  | { kind: "interrupted" }
  /** Claude woke itself: a background task reported. */
  | { kind: "wake" }
  | { kind: "tool-results" }
  | { kind: "other" };

const INTERRUPTED = /^\[Request interrupted by user/;

function tag(text: string, name: string): string | undefined {
  return new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1];
}

function fromText(line: Json, text: string, images: number): UserLine {
  if (INTERRUPTED.test(text)) return { kind: "interrupted" };
  const command = tag(text, "command-name");
  if (command !== undefined) return { kind: "command", name: command.trim(), args: (tag(text, "command-args") ?? "").trim() };
  const output = tag(text, "local-command-stdout") ?? tag(text, "local-command-stderr");
  if (output !== undefined) return { kind: "command-output", text: output };
  if (obj(line["origin"])["kind"] === "task-notification" || text.startsWith("<task-notification>")) return { kind: "wake" };
  if (/^<(bash-input|bash-stdout|bash-stderr|system-reminder)>/.test(text)) return { kind: "other" };
  return { kind: "prompt", text, images, merged: strings(line["mergedSendUuids"]) };
}

export function classifyUserLine(line: Json): UserLine {
  const content = obj(line["message"])["content"];
  const blocks = list(content).filter(isJson);
  if (blocks.some((block) => block["type"] === "tool_result")) return { kind: "tool-results" };
  const texts =
    typeof content === "string" ? [content] : blocks.flatMap((block) => (block["type"] === "text" ? [str(block["text"]) ?? ""] : []));
  const text = withoutEarlier(texts.join("\n"));
  if (text.startsWith("<local-command-caveat>")) return { kind: "local-caveat" };
  // `isMeta` marks what Claude says to itself, except that a turn it continues by itself starts with such a line.
  if (line["isMeta"] === true) return line["promptSource"] === "system" ? { kind: "wake" } : { kind: "other" };
  if (line["isCompactSummary"] === true || line["isVisibleInTranscriptOnly"] === true) return { kind: "other" };
  return fromText(line, text, blocks.filter((block) => block["type"] === "image").length);
}
