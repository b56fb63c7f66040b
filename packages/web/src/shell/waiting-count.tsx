import { cx } from "../ui/cx.ts";

/** How many wait, filled amber like every waiting thing. */
export function Count({ value, className }: { value: number; className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        "inline-flex h-4 min-w-4 items-center justify-center rounded-full bg-waiting-wash px-1 text-small font-strong text-waiting tabular-nums ring-1 ring-waiting-fill",
        className,
      )}
    >
      {value > 99 ? "99+" : value}
    </span>
  );
}
