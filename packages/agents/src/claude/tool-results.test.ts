import { expect, test } from "bun:test";
import { statusOf, toolResultOf, verdictOf } from "./tool-results.ts";

const REJECTED = "The user doesn't want to proceed with this tool use. The tool use was rejected";
const failed = { is_error: true };

test("denied is only what somebody denied", () => {
  const cases: [string, Record<string, unknown>, string, boolean, string][] = [
    ["Esc or No at the dialog", { toolDenialKind: "user-rejected", toolDenialBeforeRun: true }, REJECTED, false, "denied"],
    ["No with words", { toolDenialKind: "user-rejected", permissionDecision: { decision: "reject" } }, REJECTED, false, "denied"],
    ["a rule, or a hook", { toolDenialKind: "permission-rule" }, "no way", false, "denied"],
    ["an older version", {}, REJECTED, false, "denied"],
    ["stopped by a person while it ran", { toolDenialKind: "user-rejected" }, REJECTED, false, "cancelled"],
    ["its agent was killed", { toolDenialKind: "interrupted" }, "[Tool call interrupted: the session ended …]", false, "cancelled"],
    ["cancelled with the others", { toolDenialKind: "cancelled" }, "cancelled", false, "cancelled"],
    ["we stopped the turn at its dialog", { toolDenialKind: "user-rejected", toolDenialBeforeRun: true }, REJECTED, true, "cancelled"],
    ["the same with an older version", {}, REJECTED, true, "cancelled"],
    ["denied by a person just before we stopped", { permissionDecision: { decision: "reject" } }, "no", true, "denied"],
    ["it ran and failed", {}, "exit 1", false, "failed"],
  ];
  for (const [name, line, text, stopping, expected] of cases)
    expect([name, statusOf(line, failed, text, stopping)]).toEqual([name, expected]);
});

test("who decided", () => {
  expect(verdictOf({ permissionDecision: { decision: "accept", source: "user_temporary" } })).toEqual({ decision: "accept", by: "person" });
  expect(verdictOf({ permissionDecision: { decision: "reject", source: "user_reject" } })).toEqual({ decision: "reject", by: "person" });
  expect(verdictOf({ permissionDecision: { decision: "reject", source: "hook" } })).toEqual({ decision: "reject", by: "hook" });
  expect(verdictOf({ permissionDecision: { decision: "accept", source: "config" } })).toEqual({ decision: "accept", by: "rules" });
  expect(verdictOf({ permissionDecision: { decision: "defer" } })).toBeUndefined();
  expect(verdictOf({})).toBeUndefined();
});

test("the marks Claude puts around an error of its own are not shown; the same words in a tool's output are", () => {
  const result = (content: unknown, error = true) =>
    toolResultOf({ line: {}, block: { content, ...(error ? { is_error: true } : {}) }, input: {}, id: "r", callId: "c" });
  const wrapped = "<tool_use_error>File has not been read yet.\nRead it first.</tool_use_error>";
  expect(result(wrapped)).toMatchObject({ status: "failed", output: "File has not been read yet.\nRead it first." });
  expect(result([{ type: "text", text: wrapped }]).output).toBe("File has not been read yet.\nRead it first.");
  expect(result("grep: <tool_use_error>x</tool_use_error>").output).toBe("grep: <tool_use_error>x</tool_use_error>");
  expect(result(wrapped, false).output).toBe(wrapped);
});
