import { expect, test } from "bun:test";
import type { Json } from "./json.ts";
import { decisionOf, foldAnswers, hookDecisionOf, openRequestOf, sessionScopeOf } from "./requests.ts";

const suggestions: Json[] = [
  { type: "addRules", rules: [{ toolName: "Bash", ruleContent: "touch x1 *" }], behavior: "allow", destination: "localSettings" },
  { type: "addDirectories", directories: ["/p"], destination: "session" },
  { type: "setMode", mode: "acceptEdits", destination: "session" },
];
const bash = openRequestOf({ id: "r", tool: "Bash", input: { command: "touch x1" }, suggestions, toolCallId: "t" });

test("for this session: Claude's rules, never written to a file, never more than was asked", () => {
  expect(bash.request.sessionScope).toBe("Bash: touch x1 *; the folder /p");
  expect(decisionOf(bash, { behavior: "allow", forSession: true })).toEqual({
    behavior: "allow",
    updatedInput: { command: "touch x1" },
    updatedPermissions: [
      { type: "addRules", rules: [{ toolName: "Bash", ruleContent: "touch x1 *" }], behavior: "allow", destination: "session" },
      { type: "addDirectories", directories: ["/p"], destination: "session" },
    ],
  });
});

test("without a rule of Claude's it is this very command, this tool, or the mode for edits", () => {
  const rest = suggestions.slice(1);
  expect(sessionScopeOf("Bash", { command: "touch x1" }, rest).sessionScope).toBe("Bash: touch x1; the folder /p");
  expect(sessionScopeOf("Bash", { command: "a\nb" }, rest)).toEqual({});
  expect(sessionScopeOf("WebFetch", {}, []).sessionScope).toBe("every use of WebFetch");
  expect(sessionScopeOf("Write", {}, rest)).toEqual({
    sessionScope: "every edit of a file; the folder /p",
    sessionScopeWords: [{ code: "scope_edits" }, { code: "scope_folders", params: { folders: ["/p"] } }],
  });
});

test("answers of both shapes, by text, place or header", () => {
  const input = {
    questions: [
      { question: "Which color?", header: "Color" },
      { question: "Which sizes?", header: "Size", multiSelect: true },
    ],
  };
  expect(foldAnswers(input, { "Which color?": ["Blue"], "1": ["S", "M"] })).toEqual({ "Which color?": "Blue", "Which sizes?": "S, M" });
  expect(foldAnswers(input, { Color: { answers: ["my own words"] } })).toEqual({ "Which color?": "my own words" });
  const open = openRequestOf({ id: "q", tool: "AskUserQuestion", input, suggestions: [] });
  expect(open.request.kind).toBe("question");
  expect(decisionOf(open, { behavior: "allow", answers: { "0": ["Red"] } })["updatedInput"]).toEqual({
    ...input,
    answers: { "Which color?": "Red" },
  });
});

test("a denial carries its reason and may stop the turn; a plan names the mode after it", () => {
  expect(decisionOf(bash, { behavior: "deny", reason: "not now", interrupt: true })).toEqual({
    behavior: "deny",
    message: "not now",
    interrupt: true,
  });
  const plan = openRequestOf({ id: "p", tool: "ExitPlanMode", input: { plan: "x" }, suggestions: [] });
  expect(plan.request.kind).toBe("plan");
  expect(decisionOf(plan, { behavior: "deny" })["message"]).toBe("Keep planning.");
  expect(decisionOf(plan, { behavior: "allow", mode: "acceptEdits" })["updatedPermissions"]).toEqual([
    { type: "setMode", mode: "acceptEdits", destination: "session" },
  ]);
});

test("a hook's answer leaves an input alone that was not changed", () => {
  expect(hookDecisionOf(bash, { behavior: "allow" })).toEqual({
    hookSpecificOutput: { hookEventName: "PermissionRequest", decision: { behavior: "allow" } },
  });
  expect(hookDecisionOf(bash, { behavior: "allow", updatedInput: { command: "ls" }, allowTools: ["Bash(git *)", "Edit"] })).toEqual({
    hookSpecificOutput: {
      hookEventName: "PermissionRequest",
      decision: {
        behavior: "allow",
        updatedInput: { command: "ls" },
        updatedPermissions: [
          {
            type: "addRules",
            rules: [{ toolName: "Bash", ruleContent: "git *" }, { toolName: "Edit" }],
            behavior: "allow",
            destination: "session",
          },
        ],
      },
    },
  });
});
