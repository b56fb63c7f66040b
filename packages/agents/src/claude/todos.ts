/**
 * Both todo tool families → one list with stable ids. `TodoWrite` gives the whole list; the Task tools change single tasks, whose numbers come
 * with the results. State is JSON and belongs to one conversation.
 */
import type { TodoItem } from "@hapi/protocol";
import { MAX_TODOS, planEntriesOf } from "@hapi/core";
import { isJson, type Json, list, obj, str } from "./json.ts";

export type TodoState = TodoItem[];

const statuses: Record<string, TodoItem["status"]> = { pending: "pending", in_progress: "in_progress", completed: "completed" };

const idOf = (taskId: unknown): string => `task-${String(taskId)}`;

function statusOf(value: unknown): TodoItem["status"] | undefined {
  return typeof value === "string" && Object.hasOwn(statuses, value) ? statuses[value] : undefined;
}

function created(state: TodoState, input: Json, result: Json): TodoState | null {
  const task = obj(result["task"]);
  if (task["id"] === undefined || state.length >= MAX_TODOS) return null;
  const content = str(task["subject"]) ?? str(input["subject"]) ?? str(input["description"]) ?? "";
  const id = idOf(task["id"]);
  return [...state.filter((item) => item.id !== id), { id, content, status: "pending", priority: "medium" }];
}

function updated(state: TodoState, input: Json, result: Json): TodoState | null {
  if (result["success"] === false) return null;
  const id = idOf(result["taskId"] ?? input["taskId"]);
  if (!state.some((item) => item.id === id)) return null;
  if (input["status"] === "deleted") return state.filter((item) => item.id !== id);
  const status = statusOf(obj(result["statusChange"])["to"]) ?? statusOf(input["status"]);
  const content = str(input["subject"]);
  return state.map((item) => (item.id === id ? { ...item, status: status ?? item.status, content: content ?? item.content } : item));
}

function listed(result: Json): TodoState | null {
  if (!Array.isArray(result["tasks"])) return null;
  return list(result["tasks"])
    .filter(isJson)
    .slice(0, MAX_TODOS)
    .map((task) => ({
      id: idOf(task["id"]),
      content: str(task["subject"]) ?? "",
      status: statusOf(task["status"]) ?? "pending",
      priority: "medium",
    }));
}

/** The list after a successful tool call, or null when this call says nothing about it. */
export function applyTodoTool(state: TodoState, tool: string, input: Json, result: unknown): TodoState | null {
  const value = obj(result);
  switch (tool) {
    case "TodoWrite":
      return planEntriesOf(Array.isArray(value["newTodos"]) ? value["newTodos"] : input["todos"]);
    case "TaskCreate":
      return created(state, input, value);
    case "TaskUpdate":
      return updated(state, input, value);
    case "TaskList":
      return listed(value);
    default:
      return null;
  }
}

export const isTodoTool = (tool: string): boolean => ["TodoWrite", "TaskCreate", "TaskUpdate", "TaskList"].includes(tool);
