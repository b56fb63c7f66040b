/**
 * The keys of the remote screen: space twice gives the terminal back, Ctrl-C twice ends the session. Both also as a kitty keyboard sends them
 * (CSI u). Any other key in between starts the count again; key releases and repeats don't count.
 */

export type RegainKey = "space" | "interrupt" | "other";
/** Between the first and the second press. */
export const REGAIN_WINDOW_MS = 15_000;

const MAX_PENDING = 64;

/** `\x1b[<code>[:alt…][;mods[:event][;text]]u` */
function kittyKey(body: string): RegainKey | null {
  const [codes = "", modifiers = ""] = body.split(";");
  const [mods = "1", event = "1"] = modifiers.split(":");
  if (event !== "1" && event !== "") return null;
  const code = Number(codes.split(":")[0]);
  // Caps lock (64) and num lock (128) are lit on many keyboards.
  const held = (Number(mods || "1") - 1) & ~192;
  if (code === 32 && held === 0) return "space";
  if (code === 99 && held === 4) return "interrupt";
  return "other";
}

/** Turns bytes into keys; a sequence may be torn over several reads. */
export function createKeyReader(): (bytes: Uint8Array) => RegainKey[] {
  let pending = "";
  return (bytes) => {
    let text = pending + Buffer.from(bytes).toString("latin1");
    pending = "";
    const keys: RegainKey[] = [];
    while (text !== "") {
      // Answers and reports of the terminal are no keys: they look like sequences too.
      const sequence = /^\x1b\[([0-9:;<=>?]*)([ -/]*)([@-~])/.exec(text);
      if (sequence) {
        const key =
          sequence[3] === "u" && !/[<=>?]/.test(sequence[1]!)
            ? kittyKey(sequence[1]!)
            : isReport(sequence[1]!, sequence[3]!)
              ? null
              : "other";
        if (key) keys.push(key);
        text = text.slice(sequence[0].length);
      } else if (/^\x1b(\[[0-9:;<=>?]*[ -/]*)?$/.test(text)) {
        if (text.length < MAX_PENDING) pending = text;
        return keys;
      } else {
        keys.push(text[0] === " " ? "space" : text[0] === "\x03" ? "interrupt" : "other");
        text = text.slice(1);
      }
    }
    return keys;
  };
}

/** Mouse, focus, cursor position, device attributes, mode reports: a terminal says these by itself. */
function isReport(parameters: string, final: string): boolean {
  return (
    final === "I" ||
    final === "O" ||
    final === "R" ||
    final === "c" ||
    final === "y" ||
    final === "n" ||
    (parameters.startsWith("<") && (final === "M" || final === "m"))
  );
}

export type RegainAction = "regain" | "exit" | "armed-regain" | "armed-exit" | null;

/** Counts presses of one viewer. */
export function createRegainCounter(now: () => number): (key: RegainKey) => RegainAction {
  let armed: { key: RegainKey; at: number } | null = null;
  return (key) => {
    const at = now();
    const second = armed !== null && armed.key === key && at - armed.at <= REGAIN_WINDOW_MS;
    armed = key === "other" || second ? null : { key, at };
    if (key === "other") return null;
    if (key === "space") return second ? "regain" : "armed-regain";
    return second ? "exit" : "armed-exit";
  };
}
