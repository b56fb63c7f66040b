/**
 * Cuts a byte stream with absolute offsets into lines. Invariant: a line is given exactly once, with the offset of its first byte and of the
 * byte after its newline; bytes seen before are cut off; after a hole in the stream the rest of the broken line is dropped.
 */

export interface ByteLine {
  /** Offset of the first byte. */
  start: number;
  /** Offset after the newline. */
  end: number;
  text: string;
}

export interface ByteLines {
  push(offset: number, bytes: Uint8Array): ByteLine[];
  /** Start of the line that is not complete yet: everything before it was given out. */
  readonly position: number;
}

/** Agents put images into their lines. A longer line is dropped and reported through `onTooLong`. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

export function createByteLines(fromOffset: number, options: { maxBytes?: number; onTooLong?: (bytes: number) => void } = {}): ByteLines {
  const maxBytes = options.maxBytes ?? MAX_LINE_BYTES;
  let parts: Uint8Array[] = [];
  let held = 0;
  let lineStart = fromOffset;
  let next = fromOffset;
  let dropping = false;

  function finish(tail: Uint8Array, end: number): ByteLine | null {
    const whole = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
    const line = { start: lineStart, end, text: dropping ? "" : Buffer.from(whole).toString("utf8") };
    const dropped = dropping;
    parts = [];
    held = 0;
    dropping = false;
    lineStart = end;
    return dropped || line.text.trim() === "" ? null : line;
  }

  return {
    push(offset, bytes) {
      if (offset > next) {
        parts = [];
        held = 0;
        dropping = true;
      }
      const known = Math.max(0, Math.min(next - offset, bytes.length));
      const fresh = bytes.subarray(known);
      const base = offset + known;
      next = Math.max(next, offset + bytes.length);
      const lines: ByteLine[] = [];
      let from = 0;
      for (let at = fresh.indexOf(10); at >= 0; at = fresh.indexOf(10, from)) {
        const line = finish(fresh.subarray(from, at), base + at + 1);
        if (line) lines.push(line);
        from = at + 1;
      }
      const rest = fresh.subarray(from);
      if (rest.length > 0 && !dropping) {
        // A copy: `slice` of a Buffer is a view, and whoever reads a file reads into the same one again.
        parts.push(Buffer.from(rest));
        held += rest.length;
        if (held > maxBytes) {
          options.onTooLong?.(held);
          parts = [];
          dropping = true;
        }
      }
      return lines;
    },
    get position() {
      return lineStart;
    },
  };
}
