/**
 * What a driven Claude said on stdout in this turn, in the form of its transcript, until that delivers it. Measured on 2.1.329: both carry the
 * same uuids and times, stdout one line per block and without the block's place in its message, which is counted here; a prompt that was taken up
 * in the middle of a turn is a line of its own on stdout and an attachment in the transcript.
 */
import { isJson, type Json, list, obj, str } from "./json.ts";

const MAX_LINES = 5_000;
const MAX_CHARS = 32 * 1024 * 1024;

export interface SpokenLine {
  line: Json;
  at: number;
  /** The transcript has it for certain, so its absence means something. */
  isSure: boolean;
  chars: number;
}

export interface Spoken {
  add(line: Json, now: number): void;
  readonly lines: readonly SpokenLine[];
  /** Of the lines the transcript has for certain. */
  readonly last: string | undefined;
  /** Forgets those it has. */
  drop(has: (uuid: string) => boolean): void;
  /** The turn is over. */
  endTurn(): void;
  /** Lines that had to be let go before the transcript delivered them. */
  readonly overflow: number;
}

export function createSpoken(): Spoken {
  let lines: SpokenLine[] = [];
  let chars = 0;
  let overflow = 0;
  let prompted = false;
  let message = { id: "", blocks: 0 };

  function placed(line: Json): Json {
    const content = list(obj(line["message"])["content"]);
    const id = str(obj(line["message"])["id"]) ?? "";
    if (id !== message.id) message = { id, blocks: 0 };
    const place = message.blocks;
    message.blocks += content.length;
    return { ...line, apiBlockIndex: place };
  }

  function fromUser(line: Json): Json {
    const results = isToolResult(line);
    const folded = !results && prompted && line["isReplay"] === true;
    if (!results && line["parent_tool_use_id"] == null) prompted = true;
    const { uuid, timestamp } = line;
    const prompt = obj(line["message"])["content"];
    if (folded)
      return {
        type: "attachment",
        uuid,
        timestamp,
        attachment: { type: "queued_command", commandMode: "prompt", source_uuid: uuid, prompt },
      };
    // Stdout does not say what a line follows; nothing else has this parent, so nothing is taken for said in its place.
    const parentUuid = `stdout:${str(uuid)}`;
    return { ...line, parentUuid, toolUseResult: line["tool_use_result"], isMeta: line["isSynthetic"] === true };
  }

  return {
    add(line, now) {
      const size = JSON.stringify(line).length;
      const isAnswer = line["type"] === "assistant";
      const isMain = line["parent_tool_use_id"] == null;
      const form = isAnswer ? placed(line) : fromUser(line);
      const isOwnWord = obj(line["message"])["model"] === "<synthetic>";
      lines = [...lines, { line: form, at: now, isSure: isMain && (isAnswer ? !isOwnWord : isToolResult(line)), chars: size }];
      chars += size;
      while (lines.length > MAX_LINES || chars > MAX_CHARS) {
        chars -= lines[0]?.chars ?? 0;
        lines = lines.slice(1);
        overflow += 1;
      }
    },
    get lines() {
      return lines;
    },
    get last() {
      return str(lines.findLast(({ isSure }) => isSure)?.line["uuid"]);
    },
    drop(has) {
      lines = lines.filter(({ line }) => !has(str(line["uuid"]) ?? ""));
      chars = lines.reduce((sum, one) => sum + one.chars, 0);
    },
    endTurn() {
      lines = [];
      chars = 0;
      prompted = false;
    },
    get overflow() {
      return overflow;
    },
  };
}

function isToolResult(line: Json): boolean {
  return list(obj(line["message"])["content"]).some((block) => isJson(block) && block["type"] === "tool_result");
}
