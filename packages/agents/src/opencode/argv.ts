/** OpenCode's own command line as data (`--help` of 1.18.33; a real-agent test fails on a word nobody decided about), and what a line means. */
import type { AgentCommandLine } from "../driver.ts";
import { locateOpenCode } from "./detect.ts";

/**
 * - `server`: goes along with the server. `thread`: chooses the conversation. `mode`, `model`, `agent`: what HAPI says itself with every prompt.
 * - `passes`: with it the line is no conversation of HAPI's: it goes straight to the program.
 */
type Role = "server" | "thread" | "mode" | "model" | "agent" | "passes";

interface Flag {
  takes: "none" | "one";
  role: Role;
}

const rows: readonly (readonly [names: string, takes: Flag["takes"], role: Role])[] = [
  ["--print-logs", "none", "server"],
  ["--log-level", "one", "server"],
  ["--pure", "none", "server"],
  ["--continue -c", "none", "thread"],
  ["--session -s", "one", "thread"],
  ["--fork", "none", "thread"],
  ["--auto", "none", "mode"],
  ["--model -m", "one", "model"],
  ["--agent", "one", "agent"],
  ["--prompt", "one", "passes"],
  ["--help -h", "none", "passes"],
  ["--version -v", "none", "passes"],
  ["--port", "one", "passes"],
  ["--hostname", "one", "passes"],
  ["--mdns", "none", "passes"],
  ["--mdns-domain", "one", "passes"],
  ["--cors", "one", "passes"],
  ["--mini", "none", "passes"],
  ["--no-replay", "none", "passes"],
  ["--replay-limit", "one", "passes"],
];

/** By every name it has. */
export const flags: ReadonlyMap<string, Flag> = new Map(
  rows.flatMap(([names, takes, role]) => names.split(" ").map((name) => [name, { takes, role }] as const)),
);

/** The first word that is no flag names one of these, or a folder: each is OpenCode's own business. */
export const commands: ReadonlySet<string> = new Set(
  "completion acp mcp attach run debug providers auth agent upgrade uninstall serve web models stats export import github pr session plugin plug db".split(
    " ",
  ),
);

export interface Line {
  /** Word by word with its value, by role. */
  of(role: Role): readonly { words: string[]; value: string | undefined }[];
  /** What is no flag, or one that nobody knows. */
  others: readonly string[];
}

export function readLine(words: readonly string[]): Line {
  const found: { role: Role; words: string[]; value: string | undefined }[] = [];
  const others: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [name = "", inWord] = word.startsWith("--") ? word.split(/=(.*)/s) : [word];
    const flag = flags.get(name);
    if (!flag) others.push(word);
    else if (flag.takes === "none" || inWord !== undefined) found.push({ role: flag.role, words: [word], value: inWord });
    else found.push({ role: flag.role, words: [word, words[++at] ?? ""], value: words[at] });
  }
  return { of: (role) => found.filter((one) => one.role === role), others };
}

export const opencodeLine: AgentCommandLine = {
  locate: locateOpenCode,
  ownBusiness(words) {
    const line = readLine(words);
    const ownAgent = line.of("agent").find(({ value }) => value !== "plan" && value !== "build");
    return line.others[0] ?? line.of("passes")[0]?.words[0] ?? ownAgent?.words[0] ?? null;
  },
  isCommand: (word) => commands.has(word),
  yolo: ["--auto"],
  threadAsked(words) {
    const chosen = readLine(words).of("thread");
    if (chosen.length === 0) return null;
    const threadId = chosen.findLast(({ value }) => value !== undefined)?.value ?? null;
    return { threadId, fork: chosen.some((one) => one.words[0] === "--fork") };
  },
};
