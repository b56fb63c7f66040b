/**
 * A word about something on hover and on focus; never the only place a fact is. Drawn by the style sheet beside its child, so a list of a
 * thousand costs nothing until one is looked at.
 */
import { useId, type ReactNode } from "react";

export function Tooltip({ text, children }: { text: string; children: ReactNode }) {
  const id = useId();
  return (
    <span className="group/tip relative inline-flex" aria-describedby={id}>
      {children}
      <span
        id={id}
        role="tooltip"
        className="pointer-events-none invisible absolute start-1/2 bottom-full z-10 mb-1 w-max max-w-64 -translate-x-1/2 rounded-control bg-ink px-2 py-1 text-small text-ground opacity-0 group-focus-within/tip:visible group-focus-within/tip:opacity-100 group-hover/tip:visible group-hover/tip:opacity-100 group-hover/tip:delay-300"
      >
        {text}
      </span>
    </span>
  );
}
