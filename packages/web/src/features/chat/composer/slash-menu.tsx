/** Commands of the agent, while a slash begins the prompt. The field keeps the focus; arrows move, Enter or Tab takes. */
import { useLayoutEffect, type KeyboardEvent, type RefObject } from "react";
import { useT } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import { usePort } from "../chat-context.tsx";
import { SLASH_LIST_ID } from "./slash-list-id.ts";
import { slashOptionId } from "./slash.model.ts";
import { useSlash } from "./use-slash.ts";

interface SlashMenuProps {
  text: string;
  caret: number;
  onWrite: (text: string) => void;
  /** The field asks here first; true: the key was used up. */
  keys: RefObject<((event: KeyboardEvent) => boolean) | null>;
  /** Id of the marked command; null: none is offered. */
  onMark: (id: string | null) => void;
}

export function SlashMenu({ text, caret, onWrite, keys, onMark }: SlashMenuProps) {
  const t = useT();
  const { actions } = usePort();
  const { options, chosen, take, onKey } = useSlash(actions, text, caret, onWrite);
  const marked = options.length > 0 ? slashOptionId(chosen) : null;
  useLayoutEffect(() => {
    keys.current = onKey;
    return () => {
      keys.current = null;
    };
  });
  useLayoutEffect(() => {
    onMark(marked);
    return () => onMark(null);
  }, [marked, onMark]);
  if (marked === null) return null;
  return (
    <div
      id={SLASH_LIST_ID}
      role="listbox"
      tabIndex={-1}
      aria-label={t("slash.label")}
      className="mb-1.5 max-h-64 overflow-y-auto rounded-card border border-line bg-raised p-1 shadow-sheet"
    >
      {options.map((command, at) => (
        <button
          key={command.name}
          id={slashOptionId(at)}
          type="button"
          role="option"
          tabIndex={-1}
          aria-selected={at === chosen}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => take(command)}
          className={cx(
            "flex target w-full flex-wrap items-baseline gap-x-2 rounded-control px-2 py-1.5 text-start",
            at === chosen ? "bg-hover" : "hover:bg-hover",
          )}
        >
          <span className="font-mono">/{command.name.replace(/^\//, "")}</span>
          {command.description && (
            <span dir="auto" className="min-w-0 truncate text-small text-quiet">
              {command.description}
            </span>
          )}
        </button>
      ))}
    </div>
  );
}
