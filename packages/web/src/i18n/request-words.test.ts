import { afterEach, expect, test } from "bun:test";
import type { SessionSummary } from "@hapi/protocol";
import { setLocale, t } from "./index.ts";
import { testSummary } from "../test-summary.ts";
import { requestWords } from "./request-words.ts";

const asks = (...tools: string[]): SessionSummary =>
  testSummary({
    pendingRequestsCount: tools.length,
    pendingRequestKinds: [...new Set(tools.map((tool) => (tool === "AskUserQuestion" ? ("input" as const) : ("permission" as const))))],
    pendingRequests: tools.slice(0, 5).map((tool, at) => ({
      id: `${at}`,
      kind: tool === "AskUserQuestion" ? "input" : "permission",
      tool,
      since: at,
    })),
  });

afterEach(() => setLocale("en"));

test("what is asked is said in words, never by a tool's own name", async () => {
  expect(requestWords(asks("ExitPlanMode"), t)).toBe("Approve the plan");
  expect(requestWords(asks("Bash"), t)).toBe("Approve a command");
  expect(requestWords(asks("Bash", "Edit", "Write", "WebFetch"), t)).toBe("Approve a command, a change and 2 more");
  expect(requestWords(asks("AskUserQuestion"), t)).toBe("Answer a question");
  expect(requestWords(asks("mcp__github__create_issue"), t)).toBe("Approve create issue");
  expect(requestWords(asks("SomeNewTool"), t)).toBe("Approve some new tool");
  expect(requestWords(asks(), t)).toBeNull();
  await setLocale("zh");
  expect(requestWords(asks("ExitPlanMode"), t)).toBe("批准计划");
  expect(requestWords(asks("Bash", "Edit"), t)).toBe("批准命令、修改");
});
