// Directives: what a user can type to make the model do something. One line is one answer of the model, so
// several lines make a turn of several answers; "say" and "think" lines join the answer that follows them.
import { lastResult } from "./request.mjs";
import { lines, parseArgs } from "./text.mjs";
import { planSteps, toolSteps } from "./tools.mjs";

const CAPACITY = "Selected model is at capacity. Please try a different model.";

const DIRECTIVES = [
  [/^say:\s*(.+)$/, (m) => [{ text: lines(m[1]) }], "joins"],
  [/^think:\s*(.+)$/, (m) => [{ think: lines(m[1]) }], "joins"],
  [/^(run|sudo|read|todo|agent):\s*(.+)$/, (m, req) => toolSteps(m[1], [m[2]], req)],
  [/^plan:\s*(.+)$/, (m, req) => planSteps(m[1], req)],
  [/^write\s+(\S+):\s?(.*)$/, (m, req) => toolSteps("write", [m[1], m[2]], req)],
  [/^edit\s+(\S+):\s*(.+?)\s*=>\s*(.*)$/, (m, req) => toolSteps("edit", [m[1], m[2], m[3]], req)],
  [
    /^ask:\s*(.+)$/,
    (m, req) =>
      toolSteps(
        "ask",
        m[1].split("|").map((s) => s.trim()),
        req,
      ),
  ],
  [/^call:\s*(\S+)\s*(\{.*\})?$/, (m) => [{ tool: m[1], args: parseArgs(m[2]) }]],
  [/^slow\s+(\d+)(?:\s+(\d+))?$/, (m) => [{ text: Array.from({ length: +m[1] }, (_, i) => `chunk ${i + 1} `), chunkMs: +(m[2] ?? 200) }]],
  [
    /^fail(?:\s+(\d+))?(?:\s+x(\d+))?(?:\s*:\s*(.+))?$/,
    (m) => [{ error: { status: +(m[1] ?? 529), message: m[3] ?? CAPACITY, times: m[2] && +m[2] } }],
  ],
  [/^break(?:\s*:\s*(.+))?$/, (m) => [{ text: "Starting, then " }, { error: { status: 529, message: m[1] ?? CAPACITY, midStream: true } }]],
  [/^hang$/, () => [{ hang: true }]],
];

/** The answers that a text asks for: a list of lists of steps. */
export function answersFor(text, req) {
  const answers = [];
  let open = [];
  for (const line of text
    .split("\n")
    .map((l) => l.trim())
    .filter(Boolean)) {
    const hit = DIRECTIVES.map(([re, make, joins]) => [re.exec(line), make, joins]).find(([m]) => m);
    if (!hit) continue;
    for (const step of hit[1](hit[0], req)) {
      if (step.next) {
        answers.push(open);
        open = [];
      } else open.push(step);
    }
    if (!hit[2]) {
      answers.push(open);
      open = [];
    }
  }
  if (open.length) answers.push(open);
  return answers;
}

export function defaultAnswer(req) {
  const { user, step } = req;
  const answers = answersFor(user, req);
  if (!answers.length) return [{ text: user ? `Echo: ${user}` : "Hello." }];
  // A tool look-up (ToolSearch) is an answer of its own, so it does not count as a directive carried out.
  const lookups = req.since.filter((m) => m.role === "assistant" && m.parts.some((p) => p.call?.name === "ToolSearch")).length;
  const at = step - lookups;
  if (at < answers.length) return answers[at];
  const result = lastResult(req.since);
  return [{ text: result ? `Done. The last tool said: ${result.text.trim().slice(0, 300)}` : "Done." }];
}
