/** Placeholder lines. Invisible for the first 150 ms: what is loaded by then never flashes one. */
import { useT } from "../i18n/index.ts";

const WIDTHS = ["w-3/5", "w-full", "w-4/5", "w-2/5"];

export function Skeleton({ lines = 4 }: { lines?: number }) {
  const t = useT();
  return (
    <div role="status" aria-label={t("ui.loading")} className="flex animate-late flex-col gap-3 p-4">
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} className={`h-4 animate-breathe rounded-control bg-hover ${WIDTHS[at % WIDTHS.length]}`} />
      ))}
    </div>
  );
}
