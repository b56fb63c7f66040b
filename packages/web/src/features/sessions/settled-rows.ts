/**
 * Nothing moves under the finger: while the list is being touched or pointed at, rows keep their places and only their content changes.
 * A moment after the last movement the true order shows.
 */
import { useEffect, useRef, useState } from "react";

interface Row {
  key: string;
}

const SETTLE_MS = 900;

/** The new rows in the old order: gone ones leave, new ones wait. */
export function keepOrder<R extends Row>(shown: readonly Row[], next: readonly R[]): R[] {
  const byKey = new Map(next.map((row) => [row.key, row]));
  return shown.flatMap((row) => {
    const now = byKey.get(row.key);
    return now ? [now] : [];
  });
}

const sameShape = (a: readonly Row[], b: readonly Row[]): boolean =>
  a.length === b.length && a.every((row, index) => row.key === b[index]?.key);

/** `reset` changes when the person changed what is listed: then the new rows show at once. */
export function useSettledRows<R extends Row>(rows: R[], reset = ""): { rows: R[]; touch: () => void } {
  const [held, setHeld] = useState<{ order: R[]; reset: string } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(rows);
  latest.current = rows;
  useEffect(() => () => clearTimeout(timer.current), []);
  const touch = (): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setHeld(null), SETTLE_MS);
    setHeld((before) => before ?? { order: latest.current, reset });
  };
  if (!held || held.reset !== reset || sameShape(held.order, rows)) return { rows, touch };
  return { rows: keepOrder(held.order, rows), touch };
}
