/** Tabs: arrow keys move, the chosen one shows its panel. The panel of another tab does not exist meanwhile. */
import { useId, type KeyboardEvent, type ReactNode } from "react";
import { cx } from "./cx.ts";

export interface Tab {
  id: string;
  label: string;
  count?: number;
}

export function Tabs({
  label,
  tabs,
  chosen,
  onChoose,
  children,
}: {
  label: string;
  tabs: readonly Tab[];
  chosen: string;
  onChoose: (id: string) => void;
  children: ReactNode;
}) {
  const base = useId();
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = tabs.findIndex((tab) => tab.id === chosen);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onChoose(next.id);
    document.getElementById(`${base}-${next.id}`)?.focus();
  };
  return (
    <>
      <div role="tablist" tabIndex={-1} aria-label={label} onKeyDown={move} className="flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            id={`${base}-${tab.id}`}
            role="tab"
            aria-selected={tab.id === chosen}
            aria-controls={`${base}-panel`}
            tabIndex={tab.id === chosen ? 0 : -1}
            onClick={() => onChoose(tab.id)}
            className={cx(
              "target border-b-2 px-3 whitespace-nowrap focus-visible:-outline-offset-2",
              tab.id === chosen ? "border-accent font-strong text-ink" : "border-transparent text-quiet hover:text-ink",
            )}
          >
            {tab.label}
            {tab.count !== undefined && <span className="ms-1.5 text-small text-quiet tabular-nums">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${chosen}`} className="min-h-0">
        {children}
      </div>
    </>
  );
}
