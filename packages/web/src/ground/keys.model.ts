/** The keyboard: single keys, two-key ways to places, and ⌘K. Pure; the caller says what was pressed and where the focus is. */

export type Command =
  | "next"
  | "previous"
  | "search"
  | "palette"
  | "help"
  | "new"
  | "inbox"
  | "sessions"
  | "machines"
  | "settings"
  | "list"
  | "leave";

export interface KeyPress {
  key: string;
  ctrl: boolean;
  meta: boolean;
  alt: boolean;
  /** The focus is in something that takes text. */
  typing: boolean;
  /** A dialog is open: it has the keyboard. */
  blocked: boolean;
}

/** How long `g` waits for the second key. */
export const SEQUENCE_MS = 1_200;

const SINGLE: Record<string, Command> = { j: "next", k: "previous", "/": "search", "?": "help", c: "new", "[": "list" };
const AFTER_G: Record<string, Command> = { i: "inbox", s: "sessions", m: "machines", ",": "settings" };

export interface KeyState {
  /** When `g` was pressed, while it still counts. */
  goAt: number | null;
}

export function pressed(state: KeyState, press: KeyPress, now: number): { state: KeyState; command: Command | null } {
  const idle: KeyState = { goAt: null };
  if ((press.meta || press.ctrl) && !press.alt && press.key.toLowerCase() === "k")
    return { state: idle, command: press.blocked ? null : "palette" };
  // out of the text, so that single keys mean something again
  if (press.typing && !press.blocked && press.key === "Escape") return { state: idle, command: "leave" };
  if (press.typing || press.blocked || press.meta || press.ctrl || press.alt) return { state: idle, command: null };
  if (state.goAt !== null && now - state.goAt <= SEQUENCE_MS) return { state: idle, command: AFTER_G[press.key] ?? null };
  if (press.key === "g") return { state: { goAt: now }, command: null };
  return { state: idle, command: SINGLE[press.key] ?? null };
}

/** For the sheet of shortcuts, in the order shown. */
export const SHORTCUTS = [
  { keys: ["j"], label: "keys.next" },
  { keys: ["k"], label: "keys.previous" },
  { keys: ["Enter"], label: "keys.open" },
  { keys: ["/"], label: "keys.search" },
  { keys: ["⌘K", "Ctrl K"], label: "keys.palette" },
  { keys: ["c"], label: "keys.new" },
  { keys: ["g i"], label: "keys.inbox" },
  { keys: ["g s"], label: "keys.sessions" },
  { keys: ["g m"], label: "keys.machines" },
  { keys: ["a"], label: "keys.approve" },
  { keys: ["d"], label: "keys.deny" },
  { keys: ["["], label: "keys.list" },
  { keys: ["Esc"], label: "keys.leave" },
  { keys: ["?"], label: "keys.help" },
] as const;

export const isApple = (platform: string): boolean => /mac|iphone|ipad/i.test(platform);
/** Of two spellings the one for this keyboard. */
export const keyFor = (keys: readonly string[], apple: boolean): string => (apple ? keys[0] : keys.at(-1)) ?? "";
