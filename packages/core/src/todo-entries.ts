/** Todo items in any client's words → ours: stable ids, a known status, priority `medium` unless given. */
import type { TodoItem } from "@hapi/protocol";
import { firstName, isRecord, name } from "./envelope/read.ts";

/** More entries than this are cut: nobody reads them and they travel with every session. */
export const MAX_TODOS = 500;

const statuses: Record<string, TodoItem["status"]> = {
  pending: "pending",
  todo: "pending",
  in_progress: "in_progress",
  inprogress: "in_progress",
  active: "in_progress",
  completed: "completed",
  complete: "completed",
  done: "completed",
};

export function todoStatusOf(value: unknown): TodoItem["status"] {
  const key = String(value).toLowerCase().replaceAll("-", "_");
  return (Object.hasOwn(statuses, key) ? statuses[key] : undefined) ?? "pending";
}

/** The same text gives the same id, so a list without ids keeps them from one update to the next. */
function idFromText(content: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < content.length; index += 1) hash = Math.imul(hash ^ content.charCodeAt(index), 0x01000193) >>> 0;
  return `todo-${hash.toString(36)}`;
}

export function planEntriesOf(value: unknown): TodoItem[] {
  if (!Array.isArray(value)) return [];
  const taken = new Set<string>();
  return value.slice(0, MAX_TODOS).flatMap((entry): TodoItem[] => {
    if (!isRecord(entry)) return [];
    const content = firstName(entry, "content", "step", "title", "subject", "text", "description") ?? "";
    const wanted = name(entry.id) ?? (typeof entry.id === "number" ? String(entry.id) : idFromText(content));
    let id = wanted;
    for (let copy = 2; taken.has(id); copy += 1) id = `${wanted}-${copy}`;
    taken.add(id);
    const priority = entry.priority === "high" || entry.priority === "low" ? entry.priority : "medium";
    return [{ id, content, status: todoStatusOf(entry.status), priority }];
  });
}
