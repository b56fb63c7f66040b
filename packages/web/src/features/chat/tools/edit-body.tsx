/** Changed files as diffs, each with its path and counts. A failed edit says why first. */
import { memo, useMemo } from "react";
import type { ToolDiff, ToolItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { diffTexts } from "../../../ui/diff.model.ts";
import { DiffCounts, DiffView } from "../../../ui/diff-view.tsx";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { Pill } from "../../../ui/status-glyph.tsx";
import { OutputText } from "./output-text.tsx";
import { prettyJson } from "./tool.model.ts";

export const EditBody = memo(function EditBody({ item }: { item: ToolItem }) {
  const failed = item.status === "failed" || item.status === "denied";
  return (
    <>
      {failed && item.output && <OutputText text={item.output} />}
      {item.diffs.length > 0 ? <Diffs diffs={item.diffs} /> : <CodeBlock code={prettyJson(item.input)} language="json" />}
    </>
  );
});

export function Diffs({ diffs }: { diffs: readonly ToolDiff[] }) {
  return diffs.map((diff, at) => <FileDiff key={`${diff.path}:${at}`} diff={diff} />);
}

function FileDiff({ diff }: { diff: ToolDiff }) {
  const t = useT();
  const { added, removed } = useMemo(() => diffTexts(diff.oldText, diff.newText), [diff]);
  return (
    <div className="overflow-hidden rounded-card border border-line">
      <div className="flex items-center gap-2 border-b border-line bg-sunken px-3 py-1.5">
        <span dir="ltr" className="min-w-0 flex-1 font-mono text-small wrap-any">
          {diff.path}
        </span>
        {diff.oldText === null && <Pill>{t("diff.new")}</Pill>}
        <DiffCounts added={added} removed={removed} />
      </div>
      <DiffView path={diff.path} oldText={diff.oldText} newText={diff.newText} />
    </div>
  );
}
