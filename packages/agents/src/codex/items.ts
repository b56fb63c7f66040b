/** Thread items as canonical events. The same item read live and from the thread's own record gives the same events with the same keys. */
import { shortText } from "@hapi/core";
import { noticeWords, type AgentEvent, type ToolContent, type ToolKind } from "@hapi/protocol";
import { withoutEarlier } from "../shared/earlier.ts";
import { fields, filled, list, number, text, type Fields } from "../shared/read.ts";
import { diffContents } from "./diffs.ts";
import { record, type Translation, type Turn } from "./state.ts";
import { ITEMS } from "./vocabulary.ts";

interface Call {
  tool: string;
  kind: ToolKind;
  title: string;
  input: unknown;
  locations?: { path: string }[];
}

const MAX_TITLE = 200;
const MAX_OUTPUT = 256 * 1024;

/** `/bin/bash -lc 'echo hi'` is what it runs, `echo hi` what it is about. */
function commandOf(item: Fields): string {
  const actions = list(item["commandActions"]).map(fields);
  const [only] = actions;
  return (actions.length === 1 && filled(only?.["command"])) || text(item["command"]) || "";
}

const calls: Readonly<Record<string, (item: Fields) => Call>> = {
  commandExecution: (item) => {
    const command = commandOf(item);
    return { tool: "exec_command", kind: "execute", title: command, input: { command, cwd: item["cwd"] } };
  },
  fileChange: (item) => {
    const paths = list(item["changes"]).flatMap((change) => text(fields(change)["path"]) ?? []);
    return {
      tool: "apply_patch",
      kind: "edit",
      title: paths.join(", "),
      input: { changes: item["changes"] },
      locations: paths.map((path) => ({ path })),
    };
  },
  mcpToolCall: (item) => {
    const tool = `mcp__${String(item["server"])}__${String(item["tool"])}`;
    return { tool, kind: "other", title: tool, input: item["arguments"] };
  },
  dynamicToolCall: (item) => ({ tool: String(item["tool"]), kind: "other", title: String(item["tool"]), input: item["arguments"] }),
  collabAgentToolCall: (item) => {
    const title = text(item["prompt"]) ?? String(item["tool"]);
    return { tool: String(item["tool"]), kind: "agent", title, input: { prompt: item["prompt"], threads: item["receiverThreadIds"] } };
  },
  webSearch: (item) => ({
    tool: "web_search",
    kind: "fetch",
    title: text(item["query"]) ?? "",
    input: { query: item["query"], action: item["action"] },
  }),
  imageView: (item) => ({ tool: "view_image", kind: "read", title: text(item["path"]) ?? "", input: { path: item["path"] } }),
};

type Status = Extract<AgentEvent, { type: "tool-result" }>["status"];

const statuses: Readonly<Record<string, Status>> = {
  completed: "completed",
  failed: "failed",
  declined: "denied",
  interrupted: "cancelled",
};

interface Outcome {
  output: string;
  content?: ToolContent[];
}

const outcomes: Readonly<Record<string, (item: Fields) => Outcome>> = {
  commandExecution: (item) => {
    const output = text(item["aggregatedOutput"]) ?? "";
    return {
      output,
      content: [
        { type: "terminal", command: commandOf(item), stdout: output.slice(0, MAX_OUTPUT), exitCode: number(item["exitCode"]) ?? null },
      ],
    };
  },
  fileChange: (item) => ({ output: "", content: list(item["changes"]).flatMap((change) => diffContents(fields(change))) }),
  mcpToolCall: (item) => ({ output: textsOf(fields(item["result"])["content"]) || (text(fields(item["error"])["message"]) ?? "") }),
  dynamicToolCall: (item) => ({ output: textsOf(item["contentItems"]) }),
};

const textsOf = (value: unknown): string =>
  list(value)
    .flatMap((part) => text(fields(part)["text"]) ?? [])
    .join("\n");

export const isTool = (type: string): boolean => Object.hasOwn(calls, type);

export function toolCalled(to: Translation, turn: Turn, item: Fields): void {
  const id = String(item["id"]);
  const call = calls[String(item["type"])];
  if (!call || turn.called.includes(id)) return;
  turn.called.push(id);
  turn.open[id] = item;
  const { title, ...facts } = call(item);
  const shown = shortText(title.split("\n", 1)[0] ?? "", MAX_TITLE);
  record(to, { key: `${id}:call`, at: number(item["startedAtMs"]) }, { type: "tool-call", id, title: shown, ...facts });
}

/** `interrupted`: its turn ended, and it did not. */
export function toolEnded(to: Translation, turn: Turn, item: Fields): void {
  const callId = String(item["id"]);
  toolCalled(to, turn, item);
  delete turn.open[callId];
  const { output, content } = outcomes[String(item["type"])]?.(item) ?? { output: "" };
  const status = statuses[String(item["status"])] ?? "completed";
  const id = `${callId}:result`;
  const shown = content && content.length > 0 ? { content } : {};
  const at = number(item["completedAtMs"]);
  record(to, { key: id, at }, { type: "tool-result", id, callId, status, output: output.slice(0, MAX_OUTPUT), ...shown });
}

type Shown = (item: Fields, id: string) => AgentEvent | null;

const said = (id: string, type: "agent-message" | "thought", words: string): AgentEvent | null =>
  words.trim() === "" ? null : { type, id, text: words };

/** What else an item can be, once it is complete; null: nothing that is shown. */
const others: Readonly<Record<string, Shown>> = {
  agentMessage: (item, id) => said(id, "agent-message", text(item["text"]) ?? ""),
  plan: (item, id) => said(id, "agent-message", text(item["text"]) ?? ""),
  reasoning: (item, id) => said(id, "thought", thoughtOf(item)),
  contextCompaction: (_, id) => ({ type: "notice", id, ...noticeWords("conversation_compacted"), level: "info" }),
  enteredReviewMode: (item, id) => ({ type: "notice", id, text: text(item["review"]) ?? "Review", level: "info" }),
  exitedReviewMode: (item, id) => said(id, "agent-message", text(item["review"]) ?? ""),
  hookPrompt: () => null,
  sleep: () => null,
  functionCallOutput: () => null,
  subAgentActivity: () => null,
};

export function itemDone(to: Translation, item: Fields): void {
  const type = String(item["type"]);
  const id = String(item["id"]);
  if (!ITEMS.has(type)) to.unknown("item", type);
  const show = others[type] ?? ((raw: Fields): AgentEvent => ({ type: "unknown", id, raw }));
  const event = show(item, id);
  if (event) record(to, { key: id, at: number(item["completedAtMs"]) }, event);
}

/** The summary is shown while it streams; where there is none, the reasoning itself. */
export function thoughtOf(item: Fields): string {
  const summary = list(item["summary"]).filter((part): part is string => typeof part === "string");
  const content = list(item["content"]).filter((part): part is string => typeof part === "string");
  return (summary.length > 0 ? summary : content).join("\n\n");
}

export const wordsOf = (item: Fields): string =>
  list(item["content"])
    .map(fields)
    .flatMap((part) => (part["type"] === "text" ? (filled(withoutEarlier(text(part["text"]) ?? "")) ?? []) : []))
    .join("\n");
