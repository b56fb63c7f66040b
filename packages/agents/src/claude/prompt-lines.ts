/**
 * What a `user` line of the transcript is: someone's prompt, one of Claude's own commands, an interruption, or Claude talking to itself. Whose
 * words they are is in the line's fields, never in the words: a prompt may look like anything.
 */
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
  | { kind: "command-output"; text: string; failed: boolean }
  /** A command of the shell that was run with `!` in the terminal. */
  | { kind: "shell"; command: string }
  | { kind: "shell-output"; stdout: string; stderr: string }
  | { kind: "local-caveat" }
  | { kind: "interrupted" }
  /** Claude woke itself: a background task reported. */
  | { kind: "wake" }
  /** Another agent, a plugin or a channel speaks, in the place of a prompt. */
  | { kind: "foreign"; from: string; text: string }
  | { kind: "tool-results" }
  | { kind: "other" };

/** Exactly this: what follows it in a line is somebody's. */
const INTERRUPTED = /^\[Request interrupted by user( for tool use)?\]$/;
const COMMAND_OUTPUT = /^<local-command-(stdout|stderr)>([\s\S]*)<\/local-command-\1>$/;
const SHELL = /^<bash-input>([\s\S]*)<\/bash-input>$/;
const SHELL_OUTPUT = /^<bash-stdout>([\s\S]*)<\/bash-stdout>\s*<bash-stderr>([\s\S]*)<\/bash-stderr>$/;

function tag(text: string, name: string): string | undefined {
  return new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1];
}

/**
 * Claude marks what somebody typed, queued or sent: `typed`, `queued`, `sdk`, `suggestion_accepted` (2.1.329, 2.1.332). `system` is its own;
 * what a command, a hook or the program itself writes has no such mark. Lines of older versions have none at all.
 */
const isPersons = (line: Json): boolean => line["promptSource"] !== "system" && str(line["promptSource"]) !== undefined;

/** Kinds of `origin` that are no person's (2.1.329, 2.1.332); all others are: `human`, `remote`, `voice-call`, … */
const FOREIGN: ReadonlySet<string> = new Set(["peer", "channel", "coordinator", "observer", "observer-activity", "plugin"]);

/** Who says it, where no person does. */
export function foreignSender(line: Json): string | null {
  const kind = str(obj(line["origin"])["kind"]);
  return kind !== undefined && FOREIGN.has(kind) ? kind : null;
}

/** A command as Claude writes it down where it carries it out. Not for what a person said. */
export function commandOf(text: string): { name: string; args: string } | null {
  const name = tag(text, "command-name");
  return name === undefined ? null : { name: name.trim(), args: (tag(text, "command-args") ?? "").trim() };
}

export function commandOutputOf(text: string): { text: string; failed: boolean } | null {
  const output = COMMAND_OUTPUT.exec(text.trim());
  return output && { text: output[2] ?? "", failed: output[1] === "stderr" };
}

/** Lines that Claude wrote by itself: here, and only here, its own marks say what they are. */
function fromMarks(text: string): UserLine | null {
  if (INTERRUPTED.test(text.trim())) return { kind: "interrupted" };
  const command = /^\s*<command-(name|message)>/.test(text) ? commandOf(text) : null;
  if (command) return { kind: "command", ...command };
  const output = commandOutputOf(text);
  if (output) return { kind: "command-output", ...output };
  const shell = SHELL.exec(text);
  if (shell) return { kind: "shell", command: shell[1] ?? "" };
  const shellOutput = SHELL_OUTPUT.exec(text);
  if (shellOutput) return { kind: "shell-output", stdout: shellOutput[1] ?? "", stderr: shellOutput[2] ?? "" };
  if (text.startsWith("<task-notification>")) return { kind: "wake" };
  if (text.startsWith("<system-reminder>")) return { kind: "other" };
  return null;
}

/** `sent`: the words of the prompt of HAPI's whose id the line has. */
export function classifyUserLine(line: Json, sent?: string): UserLine {
  const content = obj(line["message"])["content"];
  const blocks = list(content).filter(isJson);
  if (blocks.some((block) => block["type"] === "tool_result")) return { kind: "tool-results" };
  const texts =
    typeof content === "string" ? [content] : blocks.flatMap((block) => (block["type"] === "text" ? [str(block["text"]) ?? ""] : []));
  const whole = texts.join("\n");
  const prompt: UserLine = {
    kind: "prompt",
    // Only what HAPI sends carries an earlier conversation in front.
    text: line["entrypoint"] === "cli" ? whole : withoutEarlier(whole),
    images: blocks.filter((block) => block["type"] === "image").length,
    merged: strings(line["mergedSendUuids"]),
  };
  const from = sent === undefined ? foreignSender(line) : null;
  if (from !== null) return { kind: "foreign", from, text: whole };
  if (isPersons(line)) return prompt;
  if (sent !== undefined) {
    // A command was sent, and Claude wrote down that it carries it out.
    const marks = sent.startsWith("/") ? fromMarks(whole) : null;
    return marks?.kind === "command" ? marks : prompt;
  }
  // `isMeta` marks what Claude says to itself, except that a turn it continues by itself starts with such a line.
  if (line["isMeta"] === true) {
    if (whole.startsWith("<local-command-caveat>")) return { kind: "local-caveat" };
    return line["promptSource"] === "system" ? { kind: "wake" } : { kind: "other" };
  }
  if (line["isCompactSummary"] === true || line["isVisibleInTranscriptOnly"] === true) return { kind: "other" };
  if (line["promptSource"] === "system" || obj(line["origin"])["kind"] === "task-notification") return { kind: "wake" };
  return fromMarks(whole) ?? prompt;
}
