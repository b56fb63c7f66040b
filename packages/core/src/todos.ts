/** A session's todo list, folded from canonical events. Both tool families are read: a list written whole, and tasks made one by one. */
import { type AgentEvent, type Fact, MAX_FACT_TEXT, type TodoItem } from "@hapi/protocol";
import { name, record } from "./envelope/read.ts";
import { cutText } from "./text.ts";
import { MAX_TODOS, planEntriesOf, todoStatusOf } from "./todo-entries.ts";

const wholeLists = new Set(["todowrite", "todo_write", "write_todos"]);
/** Until the result says its number, a new task goes by its call. */
const provisional = (callId: string): string => `call-${callId}`;
const numbered = (taskId: string): string => `task-${taskId}`;

type Of<T extends AgentEvent["type"]> = Extract<AgentEvent, { type: T }>;

function fromCall(call: Of<"tool-call">, current: TodoItem[] | null): TodoItem[] | null {
  const tool = call.tool.toLowerCase();
  const input = record(call.input);
  if (wholeLists.has(tool)) return Array.isArray(input.todos) ? planEntriesOf(input.todos) : current;
  if (tool === "taskcreate") return withTask(call.id, name(input.subject) ?? name(input.description), current);
  if (tool === "taskupdate") return withUpdate(input.taskId, input.status, name(input.subject), current);
  return current;
}

function withTask(callId: string, content: string | undefined, current: TodoItem[] | null): TodoItem[] | null {
  const todos = current ?? [];
  const id = provisional(callId);
  if (content === undefined || todos.length >= MAX_TODOS || todos.some((todo) => todo.id === id)) return current;
  return [...todos, { id, content, status: "pending", priority: "medium" }];
}

function withUpdate(taskId: unknown, status: unknown, subject: string | undefined, current: TodoItem[] | null): TodoItem[] | null {
  const id = numbered(String(taskId));
  if (!current?.some((todo) => todo.id === id)) return current;
  if (status === "deleted") return current.filter((todo) => todo.id !== id);
  return current.map((todo) =>
    todo.id === id
      ? { ...todo, content: subject ?? todo.content, status: status === undefined ? todo.status : todoStatusOf(status) }
      : todo,
  );
}

function fromResult(result: Of<"tool-result">, current: TodoItem[] | null): TodoItem[] | null {
  const id = provisional(result.callId);
  if (!current?.some((todo) => todo.id === id)) return current;
  if (result.status !== "completed") return current.filter((todo) => todo.id !== id);
  const taskId = /#(\d+)/.exec(result.output)?.[1];
  if (taskId === undefined) return current;
  const kept = current.filter((todo) => todo.id !== numbered(taskId));
  return kept.map((todo) => (todo.id === id ? { ...todo, id: numbered(taskId) } : todo));
}

function apply(event: AgentEvent, current: TodoItem[] | null): TodoItem[] | null {
  if (event.parent !== undefined) return current;
  switch (event.type) {
    case "plan":
      return event.entries.slice(0, MAX_TODOS);
    case "tool-call":
      return fromCall(event, current);
    case "tool-result":
      return fromResult(event, current);
    default:
      return current;
  }
}

/**
 * The list after these events, or null when they say nothing about todos. Tasks made one by one need the list so far as `previous`.
 * Lists of sub-agents are theirs and don't count.
 */
export function extractTodos(events: readonly AgentEvent[], previous: readonly TodoItem[] | null = null): TodoItem[] | null {
  const before = previous ? [...previous] : null;
  const after = events.reduce<TodoItem[] | null>((current, event) => apply(event, current), before);
  return after === before ? null : after;
}

/** What one event alone says of todos. The list after it is `extractTodos`'s: a task that is made by itself needs the list so far. */
export function todoFactOf(event: Of<"plan"> | Of<"tool-call">): Fact[] {
  if (event.type === "plan") return [listed(event.entries)];
  const tool = event.tool.toLowerCase();
  const input = record(event.input);
  if (wholeLists.has(tool)) return Array.isArray(input.todos) ? [listed(planEntriesOf(input.todos))] : [];
  if (tool === "taskcreate") {
    const content = name(input.subject) ?? name(input.description);
    return content === undefined ? [] : [{ kind: "todo-added", content: cutText(content, MAX_FACT_TEXT) }];
  }
  if (tool !== "taskupdate") return [];
  const { status } = input;
  return [
    {
      kind: "todo-changed",
      task: String(input.taskId),
      ...(status === undefined ? {} : { status: status === "deleted" ? status : todoStatusOf(status) }),
    },
  ];
}

const listed = (todos: readonly TodoItem[]): Fact => ({
  kind: "todos-listed",
  completed: todos.filter((todo) => todo.status === "completed").length,
  total: todos.length,
});
