/** One item of the conversation. An item is the same object until something in it changed, so `memo` keeps every other row untouched. */
import { memo, type ReactNode } from "react";
import type { TimelineItem } from "@hapi/core";
import { cx } from "../../../ui/cx.ts";
import { ErrorBoundary } from "../../../ui/error-boundary.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { RequestCard } from "../requests/lazy-request-card.tsx";
import { ToolGroupRow } from "../tools/tool-group-row.tsx";
import { ToolRow } from "../tools/tool-row.tsx";
import { PlanRow, RetryingRow, ChangeRow, NoticeRow, SwitchRow, UnknownRow } from "./lazy-rows.tsx";
import { PromptRow } from "./prompt-row.tsx";
import { rowWidth } from "./row-width.ts";
import { ThoughtRow } from "./thought-row.tsx";
import { TurnEndRow } from "./turn-end-row.tsx";

/** Tools stand close together, words get air. */
const GAPS: Partial<Record<TimelineItem["type"], string>> = {
  prompt: "pt-5 pb-3",
  text: "py-2.5",
  "turn-end": "pt-2 pb-4",
  tool: "py-0",
  "tool-group": "py-0",
  thought: "py-0",
};

export const Row = memo(function Row({ item }: { item: TimelineItem }) {
  return (
    <div className={cx(rowWidth, GAPS[item.type] ?? "py-1.5")}>
      <ErrorBoundary resetKey={item} fallback={() => <Plain item={item} />}>
        {itemNode(item)}
      </ErrorBoundary>
    </div>
  );
});

/** One that can't be drawn is shown as it stands, and takes no other with it. */
function Plain({ item }: { item: TimelineItem }) {
  if (item.type === "text") return <p className="whitespace-pre-wrap wrap-any">{item.text}</p>;
  return <UnknownRow item={{ type: "unknown", key: item.key, at: item.at, raw: item }} />;
}

/** Without the column around it: for sub-agents, whose items sit inside a row. */
export function itemNode(item: TimelineItem): ReactNode {
  switch (item.type) {
    case "prompt":
      return <PromptRow item={item} />;
    case "text":
      return <Markdown text={item.text} />;
    case "thought":
      return <ThoughtRow item={item} />;
    case "tool":
      return <ToolRow item={item} />;
    case "tool-group":
      return <ToolGroupRow item={item} />;
    case "plan":
      return <PlanRow item={item} />;
    case "turn-end":
      return <TurnEndRow item={item} />;
    case "retrying":
      return <RetryingRow item={item} />;
    case "notice":
      return <NoticeRow item={item} />;
    case "switch":
      return <SwitchRow item={item} />;
    case "change":
      return <ChangeRow item={item} />;
    case "request":
      return <RequestCard request={item.request} />;
    case "unknown":
      return <UnknownRow item={item} />;
  }
}
