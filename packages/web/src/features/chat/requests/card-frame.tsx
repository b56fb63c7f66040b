/** The frame of everything that waits for a person: amber sign, one sentence, the thing itself, and the answers at its foot, always in reach. */
import { useEffect, useState, type ReactNode } from "react";
import { useT } from "../../../i18n/index.ts";
import { Card } from "../../../ui/card.tsx";
import { StatusGlyph } from "../../../ui/status-glyph.tsx";
import { useModeName } from "../header/mode-names.ts";
import { useRequestHost } from "./request-host.tsx";
import { closedWords } from "./request.model.ts";
import type { AnswerState } from "./use-answer.ts";
import { SeenContext, useWhollySeen } from "./use-seen.ts";

export function CardFrame({
  id,
  askedIn,
  answers,
  sentence,
  note,
  children,
  footer,
  state,
  words,
}: {
  id: string;
  /** Permission mode in which it was asked. */
  askedIn: string | null;
  /** What its answers are called, where it is not Allow and Deny. */
  answers?: Answers;
  sentence: string;
  note?: string | null;
  children: ReactNode;
  footer: ReactNode;
  state: AnswerState;
  /** All that is asked, where it must have been on the screen before it can be allowed. */
  words?: string;
}) {
  const t = useT();
  const { reachable, mode } = useRequestHost();
  const modeName = useModeName();
  const isOpen = state.kind !== "answered";
  const isSent = state.kind === "answered" && state.result.status === "sent";
  const otherMode =
    isOpen && askedIn !== null && mode !== null && askedIn !== mode ? { asked: modeName(askedIn), now: modeName(mode) } : null;
  const seen = useWhollySeen(isOpen && words !== undefined ? `${id} ${words}` : null);
  return (
    <Card tone={isOpen ? "waiting" : "plain"} aria-label={sentence} data-request={id} tabIndex={-1}>
      <h3 className="flex items-start gap-2 px-3 pt-2.5 pb-1 font-strong">
        <StatusGlyph status={isOpen ? "waiting" : isSent ? "working" : "done"} className="mt-1" />
        <span dir="auto" className="min-w-0 wrap-any">
          {sentence}
        </span>
      </h3>
      {note && (
        <p dir="auto" className="ps-[34px] pe-3 pb-1 text-small wrap-any text-quiet">
          {note}
        </p>
      )}
      <div ref={seen.thing} className="relative px-3 py-1.5">
        {children}
      </div>
      {isOpen ? (
        <div ref={seen.footer} className="sticky bottom-0 rounded-b-card border-t border-line bg-raised p-3">
          {otherMode && <p className="pb-2 text-small text-quiet">{t("request.otherMode", otherMode)}</p>}
          {!reachable && <p className="pb-2 text-small text-quiet">{t("request.away")}</p>}
          {state.kind === "open" && state.error && (
            <p role="alert" className="pb-2 text-small text-failed">
              {t("request.failed", { reason: state.error })}
            </p>
          )}
          <SeenContext value={seen}>{footer}</SeenContext>
        </div>
      ) : (
        <Answered state={state} answers={answers ?? { approve: t("request.allow"), deny: t("request.deny") }} />
      )}
    </Card>
  );
}

type Answers = { approve: string; deny: string };

function Answered({ state, answers }: { state: Extract<AnswerState, { kind: "answered" }>; answers: Answers }) {
  const words = useAnswerWords(state, answers);
  return (
    <p role="status" className="px-3 pb-3 text-small text-quiet">
      {words}
    </p>
  );
}

/** An agent takes an answer within moments; what it has not taken by then may need the terminal. */
const OVERDUE_MS = 15_000;

function useAnswerWords({ result, what }: Extract<AnswerState, { kind: "answered" }>, answers: Answers): string {
  const t = useT();
  const { agent } = useRequestHost();
  const [overdue, setOverdue] = useState(false);
  const isSent = result.status === "sent";
  useEffect(() => {
    if (!isSent) return;
    const timer = setTimeout(() => setOverdue(true), OVERDUE_MS);
    return () => clearTimeout(timer);
  }, [isSent]);
  if (result.status === "pending") return t("request.pending");
  if (result.status === "closed") return t(closedWords(result));
  if (!isSent) return what === "approve" ? t("request.approved") : t("request.denied");
  return t(overdue ? "request.sent.overdue" : "request.sent", { agent, answer: answers[what] });
}
