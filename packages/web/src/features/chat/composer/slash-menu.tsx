/** Commands of the agent, while a slash begins the prompt. The field keeps the focus; arrows move, Enter or Tab takes. */
import { useEffect, useState } from "react";
import { ignore } from "../../../app/ignore.ts";
import { useT } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import type { ChatActions, SlashCommand } from "../port.ts";

export const SLASH_LIST_ID = "slash-commands";
export const slashOptionId = (at: number): string => `${SLASH_LIST_ID}-${at}`;

/** Asked for once, when the first slash is typed. */
export function useSlashCommands(actions: ChatActions, wanted: boolean): readonly SlashCommand[] {
  const [commands, setCommands] = useState<readonly SlashCommand[] | null>(null);
  const asking = wanted && commands === null;
  useEffect(() => {
    if (!asking) return;
    let alive = true;
    ignore(
      actions.slashCommands().then((list) => alive && setCommands(list)),
      "no command list: a slash is then only a slash",
    );
    return () => {
      alive = false;
    };
  }, [asking, actions]);
  return commands ?? [];
}

export function SlashMenu({ options, chosen, onTake }: { options: readonly SlashCommand[]; chosen: number; onTake: (command: SlashCommand) => void }) {
  const t = useT();
  return (
    <ul id={SLASH_LIST_ID} role="listbox" aria-label={t("slash.label")} className="mb-1.5 max-h-64 overflow-y-auto rounded-card border border-line bg-raised p-1 shadow-sheet">
      {options.map((command, at) => (
        <li
          key={command.name}
          id={slashOptionId(at)}
          role="option"
          aria-selected={at === chosen}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onTake(command)}
          className={cx("flex target cursor-pointer flex-wrap items-baseline gap-x-2 rounded-control px-2 py-1.5", at === chosen ? "bg-hover" : "hover:bg-hover")}
        >
          <span className="font-mono">/{command.name.replace(/^\//, "")}</span>
          {command.description && (
            <span dir="auto" className="min-w-0 truncate text-small text-quiet">
              {command.description}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

