/** Changed files as diffs, each with its path and counts. A failed edit says why first. */
import { memo, useMemo } from "react";
import { relativeTo, type ToolDiff, type ToolItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { diffTexts } from "../../../ui/diff.model.ts";
import { DiffCounts, DiffView, PatchView } from "../../../ui/diff-view.tsx";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { Pill } from "../../../ui/status-glyph.tsx";
import { useRoot } from "../requests/request-host.tsx";
import { OutputText } from "./output-text.tsx";
import { prettyJson } from "./body.model.ts";
import { textField } from "./tool.model.ts";

export const EditBody = memo(function EditBody({ item }: { item: ToolItem }) {
  const failed = item.status === "failed" || item.status === "denied";
  return (
    <>
      {failed && item.output && <OutputText text={item.output} />}
      {item.diffs.length > 0 ? <Diffs diffs={item.diffs} known={item.object} /> : <Otherwise item={item} />}
    </>
  );
});

/** No texts to compare: a patch as it was given, or the input as it is. */
function Otherwise({ item }: { item: ToolItem }) {
  const patch = textField(item.input, "patch", "diff");
  if (patch === null) return <CodeBlock code={prettyJson(item.input)} language="json" />;
  return (
    <div className="overflow-hidden rounded-card border border-line">
      <PatchView path={item.object} patch={patch} />
    </div>
  );
}

/** The pieces of each file together. `known`: a path that is on screen already, and need not be said again when it is the only one. */
export function Diffs({ diffs, known }: { diffs: readonly ToolDiff[]; known?: string }) {
  const files = useMemo(() => byFile(diffs), [diffs]);
  return files.map((pieces, at) => (
    <FileDiff key={`${pieces[0]?.path}:${at}`} pieces={pieces} known={files.length === 1 ? known : undefined} />
  ));
}

/** Neighbours of one path belong together. */
function byFile(diffs: readonly ToolDiff[]): ToolDiff[][] {
  const files: ToolDiff[][] = [];
  for (const diff of diffs) {
    const last = files.at(-1);
    if (last?.[0]?.path === diff.path) last.push(diff);
    else files.push([diff]);
  }
  return files;
}

function countsOf(pieces: readonly ToolDiff[]): { added: number; removed: number } {
  return pieces
    .map((diff) => diffTexts(diff.oldText, diff.newText))
    .reduce((sum, one) => ({ added: sum.added + one.added, removed: sum.removed + one.removed }), { added: 0, removed: 0 });
}

function FileDiff({ pieces, known }: { pieces: readonly ToolDiff[]; known?: string }) {
  const t = useT();
  const root = useRoot();
  const { added, removed } = useMemo(() => countsOf(pieces), [pieces]);
  const path = relativeTo(root, pieces[0]?.path ?? "");
  const views = pieces.map((diff, at) => (
    <div key={at} className={at > 0 ? "border-t border-line" : undefined}>
      <DiffView {...diff} />
    </div>
  ));
  if (path === known) return <div className="overflow-hidden rounded-card border border-line">{views}</div>;
  return (
    <div className="overflow-hidden rounded-card border border-line">
      <div className="flex items-center gap-2 border-b border-line bg-sunken px-3 py-1.5">
        <span dir="ltr" className="min-w-0 flex-1 font-mono text-small wrap-any">
          {path}
        </span>
        {pieces.every((diff) => diff.oldText === null) && <Pill>{t("diff.new")}</Pill>}
        <DiffCounts added={added} removed={removed} />
      </div>
      {views}
    </div>
  );
}
