/** To-do lists: ACP's `plan` updates, and an agent's own method for them. */
import type { TodoItem } from "@hapi/protocol";
import { fields, filled, list, text, type Fields } from "../shared/read.ts";
import type { Translation } from "./state.ts";

const statuses = new Set(["pending", "in_progress", "completed"]);
const priorities = new Set(["high", "medium", "low"]);

/** A whole list: it replaces the one before. */
export function planIs(to: Translation, values: readonly unknown[], start: number): void {
  const entries = values.slice(0, 500).map((value, index): TodoItem => {
    const { content, status, priority } = fields(value);
    return {
      id: String(index + 1),
      content: text(content) ?? "",
      status: (statuses.has(String(status)) ? status : "pending") as TodoItem["status"],
      priority: (priorities.has(String(priority)) ? priority : "medium") as TodoItem["priority"],
    };
  });
  const id = `${to.state.launchId}:${start}`;
  to.emit({ type: "record", key: `${id}:plan`, at: to.now(), event: { type: "plan", id, entries } });
}

/** By the entries' ids; `merge`: only those that are named changed. What was given up is left out. */
export function todosAre(to: Translation, params: Fields, start: number): void {
  const told = list(params["todos"]).flatMap((value) => {
    const { id, content, status } = fields(value);
    const key = filled(id);
    return key === undefined ? [] : [{ id: key, content: text(content), status: text(status) ?? "pending" }];
  });
  const known = params["merge"] === true ? (to.state.todos ?? []) : [];
  const changed = new Map(known.map((one) => [one.id, one]));
  for (const { id, content, status } of told) changed.set(id, { id, content: content ?? changed.get(id)?.content ?? "", status });
  to.state.todos = [...changed.values()].slice(0, 500);
  planIs(
    to,
    to.state.todos.filter(({ status }) => status !== "cancelled"),
    start,
  );
}
