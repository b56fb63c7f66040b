/** A tool call: one line that opens. What waits for a person shows its request instead of a body; failures are open. */
import { memo } from "react";
import type { ToolItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { useFold } from "../chat-context.tsx";
import { RequestCard } from "../requests/lazy-request-card.tsx";
import { ToolBody } from "./lazy-bodies.tsx";
import { OneLine } from "./one-line.tsx";
import { iconOf, namesPath, objectOf, opensItself, signOf, waits } from "./tool.model.ts";
import { summaryIn, useVerb } from "./verbs.ts";

export const ToolRow = memo(function ToolRow({ item }: { item: ToolItem }) {
  const t = useT();
  const verb = useVerb();
  const [open, toggle] = useFold(item.key, opensItself(item));
  if (item.request) {
    return (
      <div className="py-1.5">
        <RequestCard request={item.request} />
      </div>
    );
  }
  return (
    <div>
      <OneLine
        icon={iconOf(item.kind)}
        sign={signOf(item.status)}
        verb={verb(item)}
        object={objectOf(item)}
        prose={item.kind === "agent" || item.kind === "todo" || item.kind === "question" || item.kind === "plan" || item.kind === "think"}
        isPath={namesPath(item.kind)}
        summary={summaryIn(item.summary, t)}
        durationMs={item.durationMs}
        open={open}
        onToggle={toggle}
      />
      {(open || waits(item)) && (
        <div className="pt-1 pb-2">
          <ToolBody item={item} />
          <Decision item={item} />
        </div>
      )}
      {/* Who said something else must see it without opening anything. */}
      {!open && !waits(item) && item.decision?.lost && <Decision item={item} />}
    </div>
  );
});

const DECISIONS = {
  approved: "decision.approved",
  denied: "decision.denied",
  canceled: "decision.canceled",
  resolved: "decision.resolved",
} as const;

const isKnown = (status: string): status is keyof typeof DECISIONS => Object.hasOwn(DECISIONS, status);

function Decision({ item }: { item: ToolItem }) {
  const t = useT();
  if (!item.decision || (item.decision.status === "approved" && !item.decision.reason && !item.decision.lost)) return null;
  const { status, reason, by, lost } = item.decision;
  const door = by === "terminal" && (status === "approved" || status === "denied") ? (`decision.${status}.terminal` as const) : null;
  return (
    <p className="pt-1 text-small text-quiet">
      {door !== null ? t(door) : isKnown(status) ? t(DECISIONS[status]) : status}
      {lost && ` · ${t(`decision.lost.${lost}`)}`}
      {reason && (
        <>
          {t("punctuation.colon")}
          <q dir="auto">{reason}</q>
        </>
      )}
    </p>
  );
}
