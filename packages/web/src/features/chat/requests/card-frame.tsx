/** The frame of everything that waits for a person: amber sign, one sentence, the thing itself, and the answers at its foot, always in reach. */
import type { ReactNode } from "react";
import { useT } from "../../../i18n/index.ts";
import { Card } from "../../../ui/card.tsx";
import { StatusGlyph } from "../../../ui/status-glyph.tsx";
import { useRequestHost } from "./request-host.tsx";
import type { AnswerState } from "./use-answer.ts";

export function CardFrame({
  id,
  sentence,
  note,
  children,
  footer,
  state,
}: {
  id: string;
  sentence: string;
  note?: string | null;
  children: ReactNode;
  footer: ReactNode;
  state: AnswerState;
}) {
  const t = useT();
  const { reachable } = useRequestHost();
  const isOpen = state.kind !== "answered";
  return (
    <Card tone={isOpen ? "waiting" : "plain"} aria-label={sentence} data-request={id}>
      <h3 className="flex items-start gap-2 px-3 pt-2.5 pb-1 font-strong">
        <StatusGlyph status={isOpen ? "waiting" : "done"} className="mt-1" />
        <span dir="auto" className="min-w-0 wrap-any">
          {sentence}
        </span>
      </h3>
      {note && (
        <p dir="auto" className="ps-[34px] pe-3 pb-1 text-small wrap-any text-quiet">
          {note}
        </p>
      )}
      <div className="px-3 py-1.5">{children}</div>
      {isOpen ? (
        <div className="sticky bottom-0 rounded-b-card border-t border-line bg-raised p-3">
          {!reachable && <p className="pb-2 text-small text-quiet">{t("request.away")}</p>}
          {state.kind === "open" && state.error && (
            <p role="alert" className="pb-2 text-small text-failed">
              {t("request.failed", { reason: state.error })}
            </p>
          )}
          {footer}
        </div>
      ) : (
        <Answered state={state} />
      )}
    </Card>
  );
}

function Answered({ state }: { state: Extract<AnswerState, { kind: "answered" }> }) {
  const t = useT();
  const words =
    state.result.status === "closed"
      ? t("request.closed", { outcome: state.result.outcome ?? t("request.closed.elsewhere") })
      : state.result.status === "pending"
        ? t("request.pending")
        : state.what === "approve"
          ? t("request.approved")
          : t("request.denied");
  return (
    <p role="status" className="px-3 pb-3 text-small text-quiet">
      {words}
    </p>
  );
}
