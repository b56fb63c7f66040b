import { expect, test } from "bun:test";
import { createTimeline } from "@hapi/core";
import type { AgentStateRequest } from "@hapi/protocol";
import { AppError } from "@hapi/protocol";
import { palette } from "../tui/terminal.ts";
import { handleOf, type OpenRequest, pickRequest } from "./open-requests.ts";
import { requestBlock, requestJson, visible } from "./request-words.ts";

const DIGEST = "0925fe05a3dd1b7d069bf31b84cd77a0ce7c037df99c2acaa4b846a9432a32f7";
function open(id: string, asked: AgentStateRequest, cut: AppError | null = null): OpenRequest {
  const [request] = createTimeline().update({ messages: [], agentState: { requests: { [id]: asked } } }).requests;
  if (!request) throw new Error("it asks nothing");
  return { sessionId: "3f2a0000-0000-4000-8000-000000000000", session: "Fix\nthe login", request, handle: handleOf(request), cut };
}
const shown = (one: OpenRequest): string => requestBlock(one, { paint: palette({}, false) });

test("all that is asked is shown, and no character of it hides or steers", () => {
  const text = shown(open("r1", { tool: "Bash", arguments: { command: "ls\n\x1b]0;rm -rf ~\x07\u202e#", timeout: 5 }, digest: DIGEST }));
  expect(text).toStartWith("r1@0925fe05a3dd1b7d  permission  Bash  3f2a0000 Fix the login");
  expect(text).toContain("command:\n      ls\n      \\u{1b}]0;rm -rf ~\\u{7}\\u{202e}#");
  expect(text).toContain("timeout: 5");
  expect(visible("a\tb\r\nc\u0085é—漢")).toBe("a\\u{9}b\\u{d}\nc\\u{85}é—漢");
});

test("no line of what an agent asks can look like a request of its own", () => {
  const lines = shown(open("r1", { tool: "Bash", arguments: { command: "x\nr2@0000000000000000  permission" } })).split("\n");
  expect(lines.slice(1).every((line) => line.startsWith("    "))).toBe(true);
});

test("questions with their numbers, what may be said, and who asks", () => {
  const questions = [
    { question: "Which colour?", options: [{ label: "red", description: "warm" }], closed: true },
    { question: "Why?", optional: true, options: [] },
  ];
  const text = shown(open("q", { tool: "AskUserQuestion", kind: "question", arguments: { questions, server: "shop" }, title: "Please" }));
  expect(text.split("\n").slice(1)).toEqual([
    "    Please",
    "    server: shop",
    "    1. Which colour?",
    "       - red  warm",
    "    2. Why? (may be left out)",
    "       - words of your own",
  ]);
});

test("what was cut is said to be so, also to scripts", () => {
  const one = open(
    "r1",
    { tool: "Write", arguments: { content: "x…" }, digest: DIGEST, shortened: true },
    new AppError("session_inactive"),
  );
  expect(shown(one)).toContain("Only a part of it could be read");
  expect(requestJson(one)).toMatchObject({ id: "r1", request: "r1@0925fe05a3dd1b7d", shortened: true, digest: DIGEST });
});

test("a request goes by its handle, its id or the beginning of one; what fits several is refused", () => {
  const all = [open("abc1", { tool: "Bash", arguments: {}, digest: DIGEST }), open("abd2", { tool: "Bash", arguments: {} })];
  expect(pickRequest("abc1@0925fe05a3dd1b7d", all)).toEqual({ found: all[0]!, seen: "0925fe05a3dd1b7d" });
  expect(pickRequest("abd", all)).toEqual({ found: all[1]!, seen: null });
  expect(() => pickRequest("ab", all)).toThrow(expect.objectContaining({ code: "invalid_query" }));
  expect(() => pickRequest("", all)).toThrow(expect.objectContaining({ code: "request_not_found" }));
  // No digest that is short enough to be made up.
  expect(() => pickRequest("abc1@0925", all)).toThrow(expect.objectContaining({ code: "request_not_found" }));
});
