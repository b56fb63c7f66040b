/**
 * A change as one column of lines, readable at 390 px: sign, one line number, wrapped text, changed words marked. The sign is text, so
 * colour is not the only one. Long diffs show their head until asked for the rest.
 */
import { memo, useMemo, useState, type CSSProperties } from "react";
import { useT } from "../i18n/index.ts";
import type { CodeLine } from "../workers/highlight-protocol.ts";
import { cx } from "./cx.ts";
import { diffTexts, parseUnified, weave, type DiffRow, type DiffSummary } from "./diff.model.ts";
import { languageOf } from "./highlight.model.ts";
import { useHighlight } from "./highlight.ts";

const HEAD_ROWS = 80;

export interface DiffViewProps {
  path: string;
  oldText: string | null;
  newText: string;
  /** Number of the first line of each text in its file. */
  oldStart?: number | undefined;
  newStart?: number | undefined;
}

export const DiffView = memo(function DiffView({ path, oldText, newText, oldStart, newStart }: DiffViewProps) {
  const summary = useMemo(() => diffTexts(oldText, newText, { oldStart, newStart }), [oldText, newText, oldStart, newStart]);
  const language = languageOf(path);
  const before = useHighlight(oldText ?? "", language);
  const after = useHighlight(newText, language);
  return (
    <DiffRows path={path} summary={summary} before={before} after={after} oldStart={oldStart ?? 1} newStart={newStart ?? oldStart ?? 1} />
  );
});

/** For tools that print a patch instead of giving both texts. */
export const PatchView = memo(function PatchView({ path, patch }: { path: string; patch: string }) {
  const summary = useMemo(() => parseUnified(patch), [patch]);
  return summary ? (
    <DiffRows path={path} summary={summary} before={null} after={null} oldStart={1} newStart={1} />
  ) : (
    <pre className="p-3 font-mono text-small whitespace-pre-wrap">{patch}</pre>
  );
});

interface RowsProps {
  path: string;
  summary: DiffSummary;
  before: readonly CodeLine[] | null;
  after: readonly CodeLine[] | null;
  oldStart: number;
  newStart: number;
}

function DiffRows({ path, summary, ...texts }: RowsProps) {
  const t = useT();
  const [all, setAll] = useState(false);
  const { rows, added, removed } = summary;
  const cut = !all && rows.length > HEAD_ROWS + 10;
  const digits = useMemo(
    () => String(Math.max(...rows.map((row) => (row.kind === "gap" ? 0 : (row.newLine ?? row.oldLine ?? 0))))).length,
    [rows],
  );
  if (rows.length === 0) return <p className="p-3 text-small text-quiet">{t("diff.same")}</p>;
  return (
    <div
      role="group"
      aria-label={t("diff.label", { path, added, removed })}
      dir="ltr"
      className="font-mono text-small"
      style={{ "--line-number": `${digits + 1}ch` } as CSSProperties}
    >
      <div className="py-1">
        {(cut ? rows.slice(0, HEAD_ROWS) : rows).map((row, at) => (
          <Row key={at} row={row} {...texts} />
        ))}
      </div>
      {cut && (
        <button
          type="button"
          data-folded
          onClick={() => setAll(true)}
          className="target w-full border-t border-line px-3 text-start font-sans text-accent hover:bg-hover"
        >
          {t("ui.showLines", { count: rows.length })}
        </button>
      )}
    </div>
  );
}

const SIGN = { context: " ", added: "+", removed: "−" } as const;
const GROUND = { context: "", added: "bg-added", removed: "bg-removed" } as const;
const WORD = { context: "", added: "bg-added-word", removed: "bg-removed-word" } as const;

function Row({ row, before, after, oldStart, newStart }: Omit<RowsProps, "path" | "summary"> & { row: DiffRow }) {
  const t = useT();
  if (row.kind === "gap") {
    return (
      <div className="my-1 border-y border-line bg-sunken px-3 py-0.5 font-sans text-quiet">
        {row.skipped === null ? "…" : t("diff.skipped", { count: row.skipped })}
      </div>
    );
  }
  const line = row.newLine ?? row.oldLine;
  const tokens = (row.kind === "removed" ? before?.[(row.oldLine ?? 0) - oldStart] : after?.[(line ?? 0) - newStart]) ?? [];
  return (
    <div className={cx("flex", GROUND[row.kind])}>
      <span aria-hidden="true" className="w-[max(2.25rem,var(--line-number))] shrink-0 pe-1 text-end text-quiet tabular-nums select-none">
        {line}
      </span>
      <span className={cx("w-4 shrink-0 text-center", row.kind === "added" ? "text-done" : "text-failed")}>{SIGN[row.kind]}</span>
      <span className="min-w-0 flex-1 pe-3 wrap-any whitespace-pre-wrap">
        {weave(row.parts, tokens).map((piece, at) => (
          <span key={at} className={cx(piece.className, piece.changed && `rounded-[2px] ${WORD[row.kind]}`) || undefined}>
            {piece.text}
          </span>
        ))}
        {row.parts.every((part) => part.text === "") && "\u200b"}
      </span>
    </div>
  );
}

/** `+12 −3` */
export function DiffCounts({ added, removed }: { added: number; removed: number }) {
  const t = useT();
  return (
    <span className="text-small whitespace-nowrap tabular-nums" role="img" aria-label={t("diff.counts", { added, removed })}>
      {added > 0 && <span className="text-done">+{added}</span>}
      {added > 0 && removed > 0 && " "}
      {removed > 0 && <span className="text-failed">−{removed}</span>}
    </span>
  );
}
