/** The agent's to-do list as it stood after this turn. Open while something is left, folded to its count when all is done. */
import type { PlanItem } from "@hapi/core";
import type { TodoItem } from "@hapi/protocol";
import { useT } from "../../../i18n/index.ts";
import { Card } from "../../../ui/card.tsx";
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { useFold } from "../chat-context.tsx";

export function PlanRow({ item }: { item: PlanItem }) {
  const t = useT();
  const total = item.entries.length;
  const [open, toggle] = useFold(item.key, item.completed < total);
  return (
    <Card>
      <button
        type="button"
        onClick={toggle}
        aria-expanded={open}
        className="flex target w-full items-center gap-2 rounded-card px-3 text-start hover:bg-hover"
      >
        <Icon name="list" className="text-quiet" />
        <span className="font-strong">{t("todo.title")}</span>
        <span className="text-small text-quiet tabular-nums">{t("todo.progress", { done: item.completed, total })}</span>
        <Progress done={item.completed} total={total} />
        <Icon name={open ? "chevronDown" : "chevronRight"} className="text-quiet" />
      </button>
      {open && <TodoList entries={item.entries} className="px-3 pb-2.5" />}
    </Card>
  );
}

function Progress({ done, total }: { done: number; total: number }) {
  return (
    <span aria-hidden="true" className="ms-auto h-1 w-16 overflow-hidden rounded-full bg-pressed">
      <span className="block h-full rounded-full bg-done" style={{ width: `${total === 0 ? 0 : (done / total) * 100}%` }} />
    </span>
  );
}

const WORDS = { pending: "todo.pending", in_progress: "todo.in_progress", completed: "todo.completed" } as const;

export function TodoList({ entries, className }: { entries: readonly TodoItem[]; className?: string }) {
  const t = useT();
  return (
    <ul className={cx("flex flex-col gap-1", className)}>
      {entries.map((entry) => (
        <li key={entry.id} className="flex items-start gap-2">
          <span
            role="img"
            aria-label={t(WORDS[entry.status])}
            className={cx(
              "mt-[3px] flex size-4 shrink-0 items-center justify-center rounded-full border",
              entry.status === "completed" ? "border-done text-done" : entry.status === "in_progress" ? "border-working" : "border-edge",
            )}
          >
            {entry.status === "completed" && <Icon name="check" size={12} />}
            {entry.status === "in_progress" && <span className="size-2 rounded-full bg-working" />}
          </span>
          <span
            dir="auto"
            className={cx(
              "min-w-0 wrap-any",
              entry.status === "completed" && "text-quiet",
              entry.status === "in_progress" && "font-strong",
            )}
          >
            {entry.content}
          </span>
        </li>
      ))}
    </ul>
  );
}
