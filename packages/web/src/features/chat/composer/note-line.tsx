/** A quiet sentence above the field. */
import { Icon } from "../../../ui/icons.tsx";

export function NoteLine({ icon, text }: { icon: "clock" | "terminal" | "swap"; text: string }) {
  return (
    <p className="flex min-w-0 flex-1 items-start gap-1.5 py-1 text-small text-quiet">
      <Icon name={icon} size={14} className="mt-px" />
      {text}
    </p>
  );
}
