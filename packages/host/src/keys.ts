/**
 * What a viewer's input is: typing, or something the terminal says by itself. Answers to questions, focus and mouse reports are no
 * keystroke; answers are taken from one terminal only, or a program with two viewers would get each of them twice.
 */

/** DA, DSR, DECRPM, kitty flags, window reports; OSC and DCS answers. Each ends with something no key sends in that form. */
const answer = /^(?:\x1b\[[?>=]?[\d;:]*(?:c|n|R|\$y|t)|\x1b\[\?[\d;]*u|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P_][^\x1b]*\x1b\\)+$/;
const silent = /^(?:\x1b\[[IO]|\x1b\[<[\d;]+[Mm]|\x1b\[M[\s\S]{3})+$/;
const maxInspected = 4_096;

export type InputKind = "typed" | "answer" | "silent";

export function classifyInput(bytes: Uint8Array): InputKind {
  if (bytes[0] !== 0x1b || bytes.length < 3 || bytes.length > maxInspected) return "typed";
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  // Shift+F3 and a cursor report look alike (`CSI 1;2R`): taken for the report when it comes alone; a wrong guess costs nothing here.
  if (answer.test(text)) return "answer";
  return silent.test(text) ? "silent" : "typed";
}

const pasteStart = "\x1b[200~";
const pasteEnd = "\x1b[201~";
const suspendKeys = ["\x1a", "\x1b[122;5u", "\x1b[122;5:1u", "\x1b[27;5;122~"];

/** Finds Ctrl-Z (plain, kitty, modifyOtherKeys) in what is typed, and never in what is pasted. */
export class SuspendKey {
  #pasting = false;

  /** The bytes before Ctrl-Z and the ones behind it, or null when there is none. */
  split(bytes: Uint8Array): { before: Uint8Array; after: Uint8Array } | null {
    // A lone key is by far the most frequent input.
    if (bytes.length === 1 && !this.#pasting) return bytes[0] === 0x1a ? { before: bytes.subarray(1), after: bytes.subarray(1) } : null;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    for (let at = 0; at < text.length;) {
      const mark = this.#pasting ? pasteEnd : pasteStart;
      const next = text.indexOf(mark, at);
      const typedTo = next < 0 ? text.length : next;
      const hit = this.#pasting ? null : firstSuspend(text.slice(at, typedTo));
      if (hit) return { before: bytes.subarray(0, at + hit.at), after: bytes.subarray(at + hit.at + hit.length) };
      if (next < 0) return null;
      this.#pasting = !this.#pasting;
      at = next + mark.length;
    }
    return null;
  }
}

function firstSuspend(text: string): { at: number; length: number } | null {
  const hits = suspendKeys.map((key) => ({ at: text.indexOf(key), length: key.length })).filter((hit) => hit.at >= 0);
  return hits.sort((a, b) => a.at - b.at)[0] ?? null;
}
