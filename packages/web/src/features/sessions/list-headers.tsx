/** Headings inside the list. Sections fold; a directory only names what follows. */
import { useT } from "../../i18n/index.ts";
import { cx } from "../../ui/cx.ts";
import { Icon } from "../../ui/icons.tsx";
import { PathText } from "../../ui/path-text.tsx";
import type { ListRow, SectionKey } from "./list.model.ts";

const TITLES = { waiting: "list.waiting", pinned: "list.pinned", inactive: "list.inactive", archived: "list.archived" } as const;

interface SectionProps {
  row: Extract<ListRow, { kind: "section" }>;
  onToggle: (key: SectionKey, open: boolean) => void;
}

export function SectionHeader({ row, onToggle }: SectionProps) {
  const t = useT();
  return (
    <h2 className="px-2 desk:pt-2">
      <button
        type="button"
        aria-expanded={row.open}
        onClick={() => onToggle(row.key, !row.open)}
        className={cx(
          "flex target w-full items-center gap-2 rounded-control px-2 text-small font-strong hover:bg-hover focus-visible:-outline-offset-2",
          row.key === "waiting" ? "text-waiting" : "text-quiet",
        )}
      >
        {t(TITLES[row.key])}
        <span className="font-normal tabular-nums">{row.count}</span>
        <Icon name={row.open ? "chevronDown" : "chevronRight"} size={12} className="ms-auto rtl:-scale-x-100" />
      </button>
    </h2>
  );
}

export function DirectoryHeader({ row }: { row: Extract<ListRow, { kind: "directory" }> }) {
  return (
    <h2 className="flex items-center gap-2 px-4 pt-3 pb-1 text-small text-quiet">
      <Icon name="folder" size={14} />
      <PathText path={row.path} className="font-strong" />
      {row.host !== null && <span className="min-w-0 shrink truncate">{row.host}</span>}
    </h2>
  );
}
