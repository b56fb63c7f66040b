/** A sheet with one question and its choices: permission mode, model. The chosen one closes it. */
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { Sheet } from "../../../ui/sheet.tsx";

export interface Choice {
  id: string;
  label: string;
  hint?: string;
}

interface ChoiceSheetProps {
  title: string;
  choices: readonly Choice[];
  chosen: string | null;
  onClose: () => void;
  onChoose: (id: string) => void;
}

export function ChoiceSheet({ title, choices, chosen, onClose, onChoose }: ChoiceSheetProps) {
  return (
    <Sheet open onClose={onClose} title={title}>
      <ul className="-mx-2 flex flex-col">
        {choices.map((choice) => (
          <li key={choice.id}>
            <button
              type="button"
              aria-pressed={choice.id === chosen}
              onClick={() => {
                onClose();
                if (choice.id !== chosen) onChoose(choice.id);
              }}
              className={cx(
                "flex target w-full items-start gap-2 rounded-control px-2 py-2 text-start hover:bg-hover",
                choice.id === chosen && "font-strong",
              )}
            >
              <Icon name="check" className={cx("mt-0.5", choice.id === chosen ? "text-accent" : "invisible")} />
              <span className="min-w-0">
                <span className="block wrap-any">{choice.label}</span>
                {choice.hint && <span className="block text-small font-normal wrap-any text-quiet">{choice.hint}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
