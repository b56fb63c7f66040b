/**
 * The demo agent's own record of its conversations: one append-only JSONL file each, fsynced line by line, so that a conversation survives
 * `kill -9` of the agent at any point. A torn last line is cut off when the file is opened again.
 */
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { SessionUpdate, StopReason } from "@agentclientprotocol/sdk";

export type GrantKind = "edit" | "execute";

export type RecordLine =
  | { t: "session"; v: 1; id: string; cwd: string; at: number }
  /** `before`: given along with the person's words. */
  | { t: "user"; text: string; before?: string; images: number; promptId?: string; at: number }
  | { t: "retry"; at: number }
  | { t: "update"; update: SessionUpdate }
  | { t: "set"; mode?: string; model?: string; effort?: string; grant?: GrantKind }
  /** A request to the client (`method`, `params` of ACP) that waits for a person. */
  | { t: "ask"; id: string; method: string; params: object }
  /** Its end. `result`: what the client answered, in ACP's words; null: it was taken back. */
  | { t: "answered"; id: string; result: object | null }
  | { t: "end"; stopReason: StopReason; at: number }
  | { t: "fail"; status: number; message: string; at: number };

/** A conversation longer than this takes no more prompts. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;

export interface DemoRecord {
  readonly lines: readonly RecordLine[];
  readonly sizeBytes: number;
  /** On disk when it returns. */
  append(line: RecordLine): void;
  close(): void;
}

export const recordFile = (dir: string, id: string): string => join(dir, "threads", `${id}.jsonl`);
const isSafeId = (id: string) => /^[A-Za-z0-9-]{1,80}$/.test(id);

export function createRecord(dir: string, first: Extract<RecordLine, { t: "session" }>): DemoRecord {
  mkdirSync(join(dir, "threads"), { recursive: true, mode: 0o700 });
  const record = wrap(openSync(recordFile(dir, first.id), "ax", 0o600), [], 0);
  record.append(first);
  return record;
}

/** Null: there is no such conversation. */
export function openRecord(dir: string, id: string): DemoRecord | null {
  if (!isSafeId(id)) return null;
  let bytes: Buffer;
  try {
    bytes = readFileSync(recordFile(dir, id));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw cause;
  }
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes
    .subarray(0, end)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RecordLine);
  if (lines[0]?.t !== "session") return null;
  const fd = openSync(recordFile(dir, id), "a", 0o600);
  if (end < bytes.length) ftruncateSync(fd, end);
  return wrap(fd, lines, end);
}

function wrap(fd: number, lines: RecordLine[], startBytes: number): DemoRecord {
  let sizeBytes = startBytes;
  return {
    lines,
    get sizeBytes() {
      return sizeBytes;
    },
    append(line) {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
      for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
      sizeBytes += bytes.length;
      lines.push(line);
    },
    close: () => closeSync(fd),
  };
}

/** What the last prompt came to. `open`: its turn never ended (the agent was killed). */
export interface LastTurn {
  text: string;
  images: number;
  promptId?: string;
  state: "open" | "failed" | { stopReason: StopReason };
  /** Failures of this prompt so far. */
  failures: number;
}

export function lastTurnOf(lines: readonly RecordLine[]): LastTurn | null {
  let turn: LastTurn | null = null;
  for (const line of lines) {
    if (line.t === "user") turn = { text: line.text, images: line.images, promptId: line.promptId, state: "open", failures: 0 };
    else if (turn) turn = after(turn, line);
  }
  return turn;
}

function after(turn: LastTurn, line: RecordLine): LastTurn {
  if (line.t === "retry") return { ...turn, state: "open" };
  if (line.t === "end") return { ...turn, state: { stopReason: line.stopReason } };
  if (line.t === "fail") return { ...turn, state: "failed", failures: turn.failures + 1 };
  return turn;
}

export interface Settings {
  mode: string;
  model: string;
  effort: string;
  grants: ReadonlySet<GrantKind>;
}

export function settingsOf(lines: readonly RecordLine[], initial: { mode: string; model: string; effort: string }): Settings {
  const grants = new Set<GrantKind>();
  let { mode, model, effort } = initial;
  for (const line of lines) {
    if (line.t !== "set") continue;
    mode = line.mode ?? mode;
    model = line.model ?? model;
    effort = line.effort ?? effort;
    if (line.grant) grants.add(line.grant);
  }
  return { mode, model, effort, grants };
}

/** What a client that loads the conversation is shown, in order. */
export function* replayOf(lines: readonly RecordLine[]): Generator<SessionUpdate> {
  for (const line of lines) {
    if (line.t === "update") yield line.update;
    if (line.t !== "user") continue;
    const suffix = line.images > 0 ? ` [${line.images} image${line.images === 1 ? "" : "s"}]` : "";
    yield {
      sessionUpdate: "user_message_chunk",
      content: { type: "text", text: line.text + suffix },
      ...(line.promptId === undefined ? {} : { _meta: { [PROMPT_ID]: line.promptId } }),
    };
  }
}

/** Keys of `_meta` in prompts and user messages: the client's own id of a prompt, and "this is the failed one again". */
export const PROMPT_ID = "hapi.promptId";
export const RETRY = "hapi.retry";
/** In requests: the id under which they stand in the record. */
export const ASK_ID = "hapi.ask";
/** In answers: `remote` when they come from outside the terminal, and the mode that a person chose with a plan. */
export const ANSWERED_BY = "hapi.by";
export const THEN_MODE = "hapi.mode";
