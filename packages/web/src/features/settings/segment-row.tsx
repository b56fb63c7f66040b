/** A few choices side by side: radio buttons that look like one control. */
import { useId } from "react";

interface SegmentProps<Id extends string> {
  label: string;
  options: readonly { id: Id; label: string }[];
  chosen: Id;
  onChoose: (id: Id) => void;
}

export function SegmentRow<Id extends string>({ label, options, chosen, onChoose }: SegmentProps<Id>) {
  const name = useId();
  return (
    <fieldset className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
      <legend className="float-left contents">{label}</legend>
      <div className="flex rounded-control border border-edge p-0.5">
        {options.map((option) => (
          <label
            key={option.id}
            className="relative inline-flex target cursor-pointer items-center rounded-control px-3 text-small text-quiet has-checked:bg-accent-wash has-checked:font-strong has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              value={option.id}
              checked={option.id === chosen}
              onChange={() => onChoose(option.id)}
              className="sr-only"
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
