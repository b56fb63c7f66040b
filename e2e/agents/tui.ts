/** What a person sees and presses in Claude's own screen and in HAPI's. */
import type { Tmux } from "@hapi/testkit";

export const BANNER = "Remote mode - ";
export const REGAIN = "Press space twice to regain control";
export const DIALOG = /Do you want to proceed\?/;

const PRESS_AGAIN_MS = 600;
const PRESSES = 10;
const PROMPT = /^❯/m;

/** Claude's input line, and nothing of HAPI's. */
export function isAtPrompt(screen: string): boolean {
  return PROMPT.test(screen) && !screen.includes(BANNER) && !DIALOG.test(screen);
}

export const atPrompt = (terminal: Tmux): Promise<string> => terminal.until(isAtPrompt, { what: "Claude's prompt", timeoutMs: 120_000 });
export const shows = (terminal: Tmux, text: string | RegExp): Promise<string> =>
  terminal.until((screen) => (typeof text === "string" ? screen.includes(text) : text.test(screen)), {
    what: String(text),
    timeoutMs: 120_000,
  });

/** What stands in the input line of Claude or of the shell, without spaces. */
function inputOf(screen: string): string {
  const lines = screen.split("\n");
  const from = lines.findLastIndex((line) => /^[❯$!]/.test(line));
  return from < 0 ? "" : lines.slice(from).join("").replace(/\s/g, "");
}

const SHOWN_MS = 15_000;

/**
 * A line at the prompt. Text and Enter apart: together they would be a paste. Claude draws its prompt a moment before it listens; what is typed
 * in between is echoed by the terminal and lost, as in Claude alone: a person types it again.
 */
export async function enter(terminal: Tmux, line: string): Promise<void> {
  const wanted = line.replace(/\s/g, "").slice(-60);
  for (let at = 0; ; at++) {
    await terminal.type(line);
    try {
      await terminal.until((screen) => inputOf(screen).includes(wanted), { timeoutMs: SHOWN_MS, what: `"${line}" at the prompt` });
      break;
    } catch (cause) {
      if (at === PRESSES) throw cause;
      await terminal.keys("C-u");
    }
  }
  await terminal.keys("Enter");
}

/**
 * A key in a dialog until the dialog is gone: Claude ignores keys in the first moments of one. Pressed more than once, a late one may be taken up
 * behind the dialog: it is wiped from the input line.
 */
export async function press(terminal: Tmux, key: string, dialog: RegExp = DIALOG): Promise<void> {
  for (let at = 0; ; at++) {
    await terminal.keys(key);
    try {
      await terminal.until((screen) => !dialog.test(screen), { timeoutMs: PRESS_AGAIN_MS, what: "the dialog closes" });
      if (at > 0) await terminal.keys("C-u");
      return;
    } catch (cause) {
      if (at === PRESSES) throw cause;
    }
  }
}

const SHELL = /^\$\s*$(?![^]*\S)/m;
const AGAIN = /again to exit/i;
/** Claude forgets the first one after about a second. */
const AGAIN_MS = 10_000;
const EXIT_MS = 20_000;

/** Ctrl-C twice; back at the shell. On a busy machine the second may come when Claude has forgotten the first: then both once more. */
export async function quit(terminal: Tmux): Promise<void> {
  for (let at = 0; ; at++) {
    try {
      await terminal.keys("C-c");
      await terminal.until((screen) => AGAIN.test(screen), { timeoutMs: AGAIN_MS, what: "the question" });
      await terminal.keys("C-c");
      await terminal.until((screen) => SHELL.test(screen), { timeoutMs: EXIT_MS, what: "the shell" });
      return;
    } catch (cause) {
      const screen = await terminal.screen();
      if (SHELL.test(screen)) return;
      if (at === PRESSES || !isAtPrompt(screen)) throw cause;
    }
  }
}
