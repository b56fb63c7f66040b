/**
 * A word about something on hover and on focus; never the only place a fact is. Drawn by the style sheet beside its child, so a list of a
 * thousand costs nothing until one is looked at.
 */
import { cloneElement, type ReactElement, useId } from "react";
import { cx } from "./cx.ts";

/** `children`: the one control that the word is about; it hands `aria-describedby` on to its element. */
export function Tooltip({ text, children }: { text: string; children: ReactElement<{ "aria-describedby"?: string }> }) {
  const id = useId();
  return (
    <span className="group/tip relative inline-flex">
      {cloneElement(children, { "aria-describedby": cx(children.props["aria-describedby"], id) })}
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
