/**
 * What a prompt makes the demo agent do: directives (one per line, for tests and the curious) or plain phrases (for newcomers). Pure, and
 * without chance: the same prompt always gives the same steps.
 */
import { CONNECTION_LOST } from "./errors.ts";
import { phraseSteps } from "./phrases.ts";

export type TodoStatus = "pending" | "in_progress" | "completed";

export type Step =
  | { do: "say"; text: string }
  | { do: "think"; text: string }
  | { do: "chunks"; count: number; everyMs: number }
  | { do: "run"; command: string }
  | { do: "read"; path: string }
  | { do: "write"; path: string; text: string }
  /** Puts a starter file back as it was, without a word: what the phrases show works every time. */
  | { do: "restore"; path: string }
  | { do: "edit"; path: string; from: string; to: string }
  | { do: "todo"; entries: readonly { content: string; status: TodoStatus }[] }
  | { do: "ask"; question: string; options: readonly string[] }
  | { do: "plan"; text: string }
  | { do: "fail"; status: number; times: number | null; message: string | null }
  | { do: "break" }
  | { do: "hang" }
  | { do: "recall" }
  | { do: "pause"; ms: number };

/** More lines than this in one prompt are not read as directives. */
const MAX_DIRECTIVES = 50;
const MAX_CHUNKS = 100_000;

export function stepsFor(prompt: string): readonly Step[] {
  const lines = prompt
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (lines.length > 0 && lines.length <= MAX_DIRECTIVES) {
    const steps = lines.map(directive);
    if (steps.every((step) => step !== null)) return withReport(steps);
  }
  return phraseSteps(prompt);
}

/** A turn that only used tools ends with a sentence, as a model's would. */
function withReport(steps: readonly Step[]): readonly Step[] {
  const last = steps.at(-1);
  const silent = last && ["run", "read", "write", "edit", "todo", "plan", "ask", "think"].includes(last.do);
  return silent ? [...steps, { do: "say", text: "Done." }] : steps;
}

const unescape = (text: string) => text.replaceAll("\\n", "\n");

const directives: readonly [RegExp, (groups: string[]) => Step][] = [
  [/^say:\s*(.+)$/i, ([text = ""]) => ({ do: "say", text: unescape(text) })],
  [/^think:\s*(.+)$/i, ([text = ""]) => ({ do: "think", text: unescape(text) })],
  [/^(?:run|sudo):\s*(.+)$/i, ([command = ""]) => ({ do: "run", command })],
  [/^read:\s*(.+)$/i, ([path = ""]) => ({ do: "read", path })],
  [/^write\s+(\S+):\s?(.*)$/i, ([path = "", text = ""]) => ({ do: "write", path, text: unescape(text) })],
  [
    /^edit\s+(\S+):\s*(.+?)\s*=>\s*(.*)$/i,
    ([path = "", from = "", to = ""]) => ({ do: "edit", path, from: unescape(from), to: unescape(to) }),
  ],
  [/^todo:\s*(.+)$/i, ([list = ""]) => ({ do: "todo", entries: list.split(",").flatMap(todoEntry) })],
  [/^ask:\s*(.+)$/i, ([text = ""]) => question(text)],
  [/^plan:\s*(.+)$/i, ([text = ""]) => ({ do: "plan", text: unescape(text) })],
  [
    /^slow\s+(\d+)(?:\s+(\d+))?$/i,
    ([count = "1", ms]) => ({ do: "chunks", count: Math.min(Number(count), MAX_CHUNKS), everyMs: Number(ms ?? 200) }),
  ],
  [/^fail(?:\s+(\d{3}))?(?:\s+x(\d+))?(?:\s*:\s*(.+))?$/i, ([status, times, message]) => fail(status, times, message)],
  [/^rate[ -]?limit(?:\s+x(\d+))?$/i, ([times]) => fail("429", times, undefined)],
  [/^cut(?:\s+x(\d+))?$/i, ([times]) => fail(String(CONNECTION_LOST), times, undefined)],
  [/^break$/i, () => ({ do: "break" })],
  [/^hang$/i, () => ({ do: "hang" })],
  [/^recall$/i, () => ({ do: "recall" })],
];

function directive(line: string): Step | null {
  for (const [pattern, make] of directives) {
    const match = pattern.exec(line);
    if (match) return make(match.slice(1));
  }
  return null;
}

function question(text: string): Step {
  const [asked = "", ...options] = text.split("|").map((part) => part.trim());
  return { do: "ask", question: asked, options: options.filter((option) => option !== "") };
}

function fail(status: string | undefined, times: string | undefined, message: string | undefined): Step {
  return { do: "fail", status: Number(status ?? 529), times: times === undefined ? null : Number(times), message: message ?? null };
}

/** `a` is open, `*a` in progress, `+a` done. */
function todoEntry(text: string): { content: string; status: TodoStatus }[] {
  const entry = text.trim();
  const mark = entry.slice(0, 1);
  const status = mark === "+" ? "completed" : mark === "*" ? "in_progress" : "pending";
  const content = status === "pending" ? entry : entry.slice(1).trim();
  return content === "" ? [] : [{ content, status }];
}
