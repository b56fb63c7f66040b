import { describe, expect, test } from "bun:test";
import type { AgentEvent } from "@hapi/protocol";
import { extractTodos } from "./todos.ts";

const call = (id: string, tool: string, input: unknown): AgentEvent => ({ type: "tool-call", id, tool, kind: "todo", title: "", input });
const done = (callId: string, output: string): AgentEvent => ({
  type: "tool-result",
  id: `${callId}-r`,
  callId,
  status: "completed",
  output,
});

describe("todos", () => {
  test("a list written whole keeps the ids of entries whose text stays", () => {
    const first = extractTodos([call("1", "TodoWrite", { todos: [{ content: "one", status: "pending" }, { content: "two" }] })]);
    const second = extractTodos([call("2", "TodoWrite", { todos: [{ content: "one", status: "completed" }] })], first);
    expect(second?.[0]).toEqual({ id: first![0]!.id, content: "one", status: "completed", priority: "medium" });
    expect(first).toHaveLength(2);
  });

  test("tasks made one by one get their number from the result", () => {
    let todos = extractTodos([call("a", "TaskCreate", { subject: "one" }), call("b", "TaskCreate", { subject: "two" })]);
    expect(todos?.map((todo) => todo.id)).toEqual(["call-a", "call-b"]);
    todos = extractTodos([done("a", "Task #1 created successfully: one"), done("b", "Task #2 created successfully: two")], todos);
    todos = extractTodos([call("c", "TaskUpdate", { taskId: "1", status: "completed" })], todos);
    expect(todos).toEqual([
      { id: "task-1", content: "one", status: "completed", priority: "medium" },
      { id: "task-2", content: "two", status: "pending", priority: "medium" },
    ]);
    expect(extractTodos([call("d", "TaskUpdate", { taskId: "2", status: "deleted" })], todos)).toHaveLength(1);
  });

  test("nothing about todos is null; lists of sub-agents don't count", () => {
    expect(extractTodos([{ type: "agent-message", id: "x", text: "hi" }])).toBeNull();
    expect(extractTodos([{ ...call("1", "TodoWrite", { todos: [] }), parent: "task" }])).toBeNull();
    expect(extractTodos([{ type: "plan", id: "p", entries: [] }], [])).toEqual([]);
  });
});
