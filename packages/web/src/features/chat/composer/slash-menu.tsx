/** Commands of the agent, while a slash begins the prompt. The field keeps the focus; arrows move, Enter or Tab takes. */
import { useT } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import type { SlashCommand } from "../port.ts";
import { SLASH_LIST_ID, slashOptionId } from "./slash.model.ts";

export function SlashMenu({
  options,
  chosen,
  onTake,
}: {
  options: readonly SlashCommand[];
  chosen: number;
  onTake: (command: SlashCommand) => void;
}) {
  const t = useT();
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
          onClick={() => onTake(command)}
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
