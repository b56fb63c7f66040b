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

/** `known`: a path that is on screen already, and need not be said again when it is the only one. */
export function Diffs({ diffs, known }: { diffs: readonly ToolDiff[]; known?: string }) {
  return diffs.map((diff, at) => <FileDiff key={`${diff.path}:${at}`} diff={diff} known={diffs.length === 1 ? known : undefined} />);
}

function FileDiff({ diff, known }: { diff: ToolDiff; known?: string }) {
  const t = useT();
  const root = useRoot();
  const { added, removed } = useMemo(() => diffTexts(diff.oldText, diff.newText), [diff]);
  const path = relativeTo(root, diff.path);
  const view = <DiffView path={diff.path} oldText={diff.oldText} newText={diff.newText} />;
  if (path === known) return <div className="overflow-hidden rounded-card border border-line">{view}</div>;
  return (
    <div className="overflow-hidden rounded-card border border-line">
      <div className="flex items-center gap-2 border-b border-line bg-sunken px-3 py-1.5">
        <span dir="ltr" className="min-w-0 flex-1 font-mono text-small wrap-any">
          {path}
        </span>
        {diff.oldText === null && <Pill>{t("diff.new")}</Pill>}
        <DiffCounts added={added} removed={removed} />
      </div>
      {view}
    </div>
  );
}
