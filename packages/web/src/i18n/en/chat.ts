/** Words of the chat: timeline, tool cards, composer, permission cards. `ui.*` and `diff.*` belong to the shared components. */
export const chat = {
  "ui.loading": "Loading",
  "ui.code": "Code",
  "ui.copy": "Copy",
  "ui.copied": "Copied",
  "ui.table": "Table",
  "ui.image": "Image: {name}",
  "ui.showLines": { one: "Show {count} line", other: "Show all {count} lines" },
  "diff.same": "Nothing changed in this text",
  "diff.label": "Changes in {path}: {added} lines added, {removed} removed",
  "diff.counts": "{added} lines added, {removed} removed",
  "diff.skipped": { one: "{count} unchanged line", other: "{count} unchanged lines" },
  "todo.pending": "To do",
  "todo.in_progress": "In progress",
  "todo.completed": "Done",
} as const;
