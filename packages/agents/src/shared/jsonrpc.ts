/**
 * JSON-RPC over newline-delimited JSON, as it comes out of a byte stream with absolute offsets. Knows nothing about who speaks. Invariant:
 * a line is given exactly once, with the offset of its first byte and of the byte after its newline; a line that is too long or not JSON is
 * reported and skipped, never fatal.
 */
import { isRecord } from "@hapi/core";

export type RpcId = string | number;

export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

type RpcMessage =
  | { type: "request"; id: RpcId; method: string; params: unknown }
  | { type: "notification"; method: string; params: unknown }
  | { type: "result"; id: RpcId; result: unknown }
  | { type: "error"; id: RpcId; error: RpcError }
  | { type: "bad"; reason: "too_long" | "not_json" | "not_rpc"; sample: string };

export interface RpcLine {
  /** Offset of the first byte. */
  start: number;
  /** Offset after the newline. */
  end: number;
  message: RpcMessage;
}

const MAX_LINE_BYTES = 8 * 1024 * 1024;

export interface LineReader {
  push(chunk: { offset: number; bytes: Uint8Array }): RpcLine[];
  /** Where the line that is still incomplete began: everything before it was given out. */
  readonly position: number;
}

export function createLineReader(fromOffset: number, maxLineBytes = MAX_LINE_BYTES): LineReader {
  let parts: Uint8Array[] = [];
  let held = 0;
  let lineStart = fromOffset;
  let skipping = false;
  let next = fromOffset;

  const take = (tail: Uint8Array, start: number): RpcMessage | null => {
    const bytes = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
    parts = [];
    held = 0;
    if (skipping) {
      skipping = false;
      return null;
    }
    return bytes.length > maxLineBytes
      ? { type: "bad", reason: "too_long", sample: `${bytes.length} bytes at ${start}` }
      : parseRpc(Buffer.from(bytes).toString("utf8"));
  };

  return {
    push({ offset, bytes }) {
      // A chunk that repeats what was read already is cut; a chunk that skips bytes begins in the middle of a line.
      const known = Math.max(0, Math.min(next - offset, bytes.length));
      if (offset > next) {
        parts = [];
        held = 0;
        skipping = true;
      }
      const fresh = bytes.subarray(known);
      next = Math.max(next, offset + bytes.length);
      const base = offset + known;
      const lines: RpcLine[] = [];
      let from = 0;
      for (let newline = fresh.indexOf(10, from); newline >= 0; newline = fresh.indexOf(10, from)) {
        const end = base + newline + 1;
        const message = take(fresh.subarray(from, newline), lineStart);
        if (message) lines.push({ start: lineStart, end, message });
        lineStart = end;
        from = newline + 1;
      }
      const rest = fresh.subarray(from);
      if (rest.length > 0 && !skipping) {
        parts.push(Buffer.from(rest));
        held += rest.length;
      }
      if (held > maxLineBytes) {
        lines.push({
          start: lineStart,
          end: next,
          message: { type: "bad", reason: "too_long", sample: `more than ${maxLineBytes} bytes at ${lineStart}` },
        });
        parts = [];
        held = 0;
        skipping = true;
      }
      if (skipping) lineStart = next;
      return lines;
    },
    get position() {
      return lineStart;
    },
  };
}

/** Null for an empty line. */
export function parseRpc(line: string): RpcMessage | null {
  const text = line.trim();
  if (text === "") return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { type: "bad", reason: "not_json", sample: text.slice(0, 200) };
  }
  return (isRecord(value) && classify(value)) || { type: "bad", reason: "not_rpc", sample: text.slice(0, 200) };
}

function classify(value: Record<string, unknown>): RpcMessage | null {
  const { id, method, params } = value;
  const hasId = typeof id === "string" || typeof id === "number";
  if (typeof method === "string") return hasId ? { type: "request", id, method, params } : { type: "notification", method, params };
  if (!hasId) return null;
  if (isRecord(value["error"])) return { type: "error", id, error: readError(value["error"]) };
  return "result" in value ? { type: "result", id, result: value["result"] } : null;
}

function readError(error: Record<string, unknown>): RpcError {
  const { code, message, data } = error;
  return { code: typeof code === "number" ? code : -32603, message: typeof message === "string" ? message : "unknown error", data };
}

export const encodeRpc = {
  request: (id: RpcId, method: string, params: unknown) => `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`,
  notification: (method: string, params: unknown) => `${JSON.stringify({ jsonrpc: "2.0", method, params })}\n`,
  result: (id: RpcId, result: unknown) => `${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`,
  error: (id: RpcId, error: RpcError) => `${JSON.stringify({ jsonrpc: "2.0", id, error })}\n`,
};
