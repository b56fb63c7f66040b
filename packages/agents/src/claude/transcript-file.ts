/** The transcript as a whole, for questions about the past: is a prompt in it, which branch is active, what failed last. */
import { type Files, piecesOf } from "@hapi/platform/lean";
import { type ByteLine, createByteLines } from "../shared/byte-lines.ts";
import { isJson, type Json, list, obj, parseTranscriptLine, str, strings } from "./json.ts";
import { classifyUserLine } from "./prompt-lines.ts";
import { statusOf, textOf } from "./tool-results.ts";
import { createTree } from "./tree.ts";

/** Every line in order; nothing when there is no file. */
export async function* transcriptLines(files: Files, path: string): AsyncIterable<ByteLine> {
  const lines = createByteLines(0);
  for await (const { at, bytes } of piecesOf(files, path)) yield* lines.push(at, bytes);
}

function hasPrompt(line: Json, uuid: string): boolean {
  if (line["type"] === "user") return line["uuid"] === uuid || strings(line["mergedSendUuids"]).includes(uuid);
  // A command that Claude refused to carry out has no line of its own.
  if (line["type"] === "system") return line["submitUuid"] === uuid;
  return line["type"] === "attachment" && obj(line["attachment"])["source_uuid"] === uuid;
}

/** Are these bytes in the file? Much faster than reading lines, and mostly the answer is no. */
async function mentions(files: Files, path: string, words: readonly string[]): Promise<boolean> {
  const longest = Math.max(...words.map((word) => word.length));
  let rest = Buffer.alloc(0);
  for await (const piece of piecesOf(files, path, { pieceBytes: 1024 * 1024 })) {
    const bytes = Buffer.concat([rest, piece.bytes]);
    if (words.some((word) => bytes.includes(word))) return true;
    rest = bytes.subarray(Math.max(0, bytes.length - longest));
  }
  return false;
}

/** More than the turns that can be open. */
const BEFORE_BYTES = 8 * 1024 * 1024;

/** Every uuid in the last stretch before this offset; nothing when there is no file. More than the lines' own does no harm. */
export async function uuidsBefore(files: Files, path: string, offset: number): Promise<string[]> {
  const found: string[] = [];
  const from = Math.max(0, offset - BEFORE_BYTES);
  const lines = createByteLines(from);
  for await (const { at, bytes } of piecesOf(files, path, { from, to: offset })) {
    for (const { text } of lines.push(at, bytes))
      for (const [, uuid = ""] of text.matchAll(/"(?:source_)?uuid":"([^"]{1,64})"/g)) found.push(uuid);
  }
  return found;
}

/** Which of the uuids stand in the transcript as prompts. */
export async function findPrompts(files: Files, path: string, uuids: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  if (!(await mentions(files, path, uuids))) return found;
  for await (const { text } of transcriptLines(files, path)) {
    const here = uuids.filter((uuid) => text.includes(uuid));
    const line = here.length > 0 ? parseTranscriptLine(text) : null;
    for (const uuid of here) if (line && hasPrompt(line, uuid)) found.add(uuid);
  }
  return found;
}

/** Uuids of the active branch, and where the file ended when it was read. */
export async function activeBranch(files: Files, path: string): Promise<{ active: Set<string>; end: number }> {
  const tree = createTree();
  let end = 0;
  for await (const { text, end: after } of transcriptLines(files, path)) {
    const line = parseTranscriptLine(text);
    if (line) tree.add(line);
    end = after;
  }
  return { active: tree.active(), end };
}

export interface LastTurn {
  uuid: string;
  content: unknown;
  /** A tool ran before it failed: sending the prompt again would do that work twice. */
  worked: boolean;
  /** It came to its own end. */
  complete: boolean;
}

/** The newest prompt of the active branch and what became of it. */
export async function lastTurn(files: Files, path: string): Promise<LastTurn | null> {
  const { active } = await activeBranch(files, path);
  let last: LastTurn | null = null;
  let caveat: string | null = null;
  for await (const { text } of transcriptLines(files, path)) {
    if (!text.includes('"user"') && !text.includes('"assistant"')) continue;
    const line = parseTranscriptLine(text);
    const uuid = str(line?.["uuid"]);
    if (!line || uuid === undefined || !active.has(uuid)) continue;
    if (line["type"] === "user") {
      if (classifyUserLine(line).kind === "local-caveat") caveat = uuid;
      last = afterUser(line, uuid, last, caveat);
    }
    if (line["type"] === "assistant" && last) last = afterAssistant(line, last);
  }
  return last;
}

/** What was asked last, in the order of the file: also where the conversation was cut back to before it. */
export async function newestPrompt(files: Files, path: string): Promise<{ uuid: string; content: unknown } | null> {
  let newest: { uuid: string; content: unknown } | null = null;
  for await (const { text } of transcriptLines(files, path)) {
    if (!text.includes('"user"')) continue;
    const line = parseTranscriptLine(text);
    const uuid = str(line?.["uuid"]);
    if (!line || uuid === undefined || line["type"] !== "user" || line["isSidechain"] === true) continue;
    if (classifyUserLine(line).kind === "prompt") newest = { uuid, content: obj(line["message"])["content"] };
  }
  return newest;
}

/** `caveat`: the newest line after which a command that Claude carries out by itself may stand: that is no turn. */
function afterUser(line: Json, uuid: string, last: LastTurn | null, caveat: string | null): LastTurn | null {
  const user = classifyUserLine(line);
  if (user.kind === "prompt") return { uuid, content: obj(line["message"])["content"], worked: false, complete: false };
  if (user.kind === "command") {
    if (caveat !== null && line["parentUuid"] === caveat) return last;
    return { uuid, content: `${user.name} ${user.args}`.trim(), worked: false, complete: false };
  }
  // It ran already, whatever became of Claude's answer to it.
  if (user.kind === "shell") return { uuid, content: `!${user.command}`, worked: true, complete: false };
  if (user.kind === "wake" && last) return { ...last, worked: true, complete: false };
  if (user.kind === "tool-results" && last) return { ...last, worked: last.worked || ranTool(line), complete: false };
  if (user.kind === "interrupted" && last) return { ...last, complete: false };
  return last;
}

function ranTool(line: Json): boolean {
  return list(obj(line["message"])["content"])
    .filter(isJson)
    .some((block) => block["type"] === "tool_result" && ["completed", "failed"].includes(statusOf(line, block, textOf(block["content"]))));
}

function afterAssistant(line: Json, last: LastTurn): LastTurn {
  const message = obj(line["message"]);
  if (line["isApiErrorMessage"] === true || message["model"] === "<synthetic>") return { ...last, complete: false };
  return { ...last, complete: message["stop_reason"] === "end_turn" || message["stop_reason"] === "stop_sequence" };
}
