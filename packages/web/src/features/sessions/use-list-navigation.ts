/** j and k: moves the focus from session to session through a list most of which is not in the page. */
import { useEffect, useRef, type RefObject } from "react";
import type { VirtualizerHandle } from "virtua";
import type { ListRow } from "./list.model.ts";
import { registerList } from "./list-navigation.ts";

const ROW = "data-session-row";

/** The row to go to: the next session row from where the focus, or else the open session, is. */
export function nextRow(rows: readonly ListRow[], fromKey: string | null, step: 1 | -1): number | null {
  const start = fromKey === null ? -1 : rows.findIndex((row) => row.kind === "session" && row.key === fromKey);
  for (let at = start === -1 && step === -1 ? rows.length - 1 : start + step; at >= 0 && at < rows.length; at += step) {
    if (rows[at]?.kind === "session") return at;
  }
  return null;
}

function currentKey(): string | null {
  const focused = document.activeElement?.closest(`[${ROW}]`);
  const open = document.querySelector(`[${ROW}][aria-current="page"]`);
  return (focused ?? open)?.getAttribute(ROW) ?? null;
}

function focusRow(key: string): boolean {
  const row = document.querySelector<HTMLElement>(`[${ROW}="${CSS.escape(key)}"]`);
  row?.focus();
  // a row that is placed but not measured yet is hidden and takes no focus
  return row !== null && document.activeElement === row;
}

export function useListNavigation(
  rows: readonly ListRow[],
  list: RefObject<VirtualizerHandle | null>,
  search: RefObject<HTMLInputElement | null>,
): void {
  const latest = useRef(rows);
  latest.current = rows;
  useEffect(
    () =>
      registerList({
        move(step) {
          const at = nextRow(latest.current, currentKey(), step);
          const row = at === null ? undefined : latest.current[at];
          if (at === null || !row) return;
          list.current?.scrollToIndex(at, { align: "nearest" });
          if (focusRow(row.key)) return;
          // not in the page yet: it will be, after the scroll was drawn
          requestAnimationFrame(() => focusRow(row.key));
        },
        focusSearch: () => search.current?.focus(),
      }),
    [list, search],
  );
}
