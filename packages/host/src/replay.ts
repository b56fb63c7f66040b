/**
 * What a viewer that comes later gets of a program's earlier output. Questions to the terminal are left out (it would answer them again,
 * into the program's input), and so are bells, notifications and clipboard writes. A cut stream begins at a point that is no middle.
 */
import { AnsiScanner, type Sequence } from "./ansi.ts";

/** More than this is not replayed from its start: the viewer gets the tail, the modes, and a redraw. */
export const maxFullReplayBytes = 1 << 20;
export const tailReplayBytes = 128 << 10;

/** The first index at or after `from` where drawing can begin: an escape, or behind a line break. */
export function safeStart(bytes: Uint8Array, from = 0): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === 0x1b) return at;
    if (bytes[at] === 0x0a) return at + 1;
  }
  return bytes.length;
}

export function withoutQuestions(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  const scanner = new AnsiScanner();
  let keptTo = 0;
  let start = 0;
  scanner.feed(
    bytes,
    (sequence, end) => {
      if (!isMomentary(sequence)) return;
      kept.push(bytes.subarray(keptTo, start));
      keptTo = end;
    },
    (at) => (start = at),
  );
  // What has begun and not ended yet goes out as it is: its end comes live.
  kept.push(bytes.subarray(keptTo));
  return Buffer.concat(kept);
}

const reportingWindowOps = new Set(["11", "13", "14", "15", "16", "18", "19", "20", "21"]);

/** Asks for an answer, or is heard or pasted and not seen. */
function isMomentary(sequence: Sequence): boolean {
  if (sequence.kind === "escape") return sequence.final === "Z";
  if (sequence.kind === "string") return isMomentaryString(sequence.intro, sequence.text);
  const { params, final } = sequence;
  if (final === "c") return true;
  if (final === "n") return !params.startsWith(">");
  if (final === "q") return params.startsWith(">");
  if (final === "u") return params.startsWith("?");
  if (final === "p") return params.endsWith("$");
  if (final === "x") return params === "" || params === "0" || params === "1";
  if (final === "S") return params.startsWith("?");
  return final === "t" && reportingWindowOps.has(params.split(";")[0] ?? "");
}

function isMomentaryString(intro: string, text: string): boolean {
  if (intro === "P") return text.startsWith("$q") || text.startsWith("+q");
  if (intro === "_") return text.startsWith("G") && /[G,]a=q/.test(text);
  if (intro !== "]") return false;
  return /^(?:9|52|99|777)(?:;|$)/.test(text) || text.endsWith(";?");
}
