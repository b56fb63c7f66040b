/** What the person asked: a quiet block with one small mark for where it is; the word for it on tap, or at once when it asks for something. */
import { memo } from "react";
import type { PromptItem } from "@hapi/core";
import { codeText } from "../../../i18n/error-words.ts";
import { dateLocale, useT, type MessageKey, type Translate } from "../../../i18n/index.ts";
import { Button, Spinner } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { useFold, usePort } from "../chat-context.tsx";
import { clockWords } from "../composer/schedule.model.ts";
import { leavePrompt, useLeftPrompts } from "../left-prompts.ts";
import { useSendAgain } from "../use-send-again.ts";
import { AttachmentList } from "./lazy-rows.tsx";
import { givenWords, isLongPrompt, promptTone, STAGE_MARKS, wantsSendAgain, type PromptTone } from "./prompt.model.ts";

const STAGES = {
  sending: "stage.sending",
  queued: "stage.accepted",
  handed: "stage.handed",
  "in-transcript": "stage.inTranscript",
  started: "stage.started",
  done: "stage.done",
  failed: "stage.failed",
  interrupted: "stage.interrupted",
  unknown: "stage.unknown",
  rejected: "stage.rejected",
} as const satisfies Record<NonNullable<PromptItem["stage"]>, MessageKey>;

const INKS: Record<PromptTone, string> = {
  moving: "text-quiet",
  settled: "text-quiet",
  noted: "text-quiet",
  waiting: "text-waiting",
  failed: "text-failed",
};

export const PromptRow = memo(function PromptRow({ item }: { item: PromptItem }) {
  const t = useT();
  const long = isLongPrompt(item.text);
  const [open, toggle] = useFold(item.key, false);
  return (
    <article
      aria-label={t("chat.you")}
      className="group/prompt relative min-h-[calc(var(--line-body)+16px)] rounded-card bg-sunken px-3 py-2"
    >
      {item.attachments.length > 0 && <AttachmentList attachments={item.attachments} />}
      <p dir="auto" className={cx("wrap-any whitespace-pre-wrap", item.stage && "pe-6", long && !open && "line-clamp-8")}>
        {item.text}
      </p>
      {long && (
        <button type="button" onClick={toggle} aria-expanded={open} className="target text-small text-accent">
          {open ? t("ui.showLess") : t("ui.showAll")}
        </button>
      )}
      <Stage item={item} />
    </article>
  );
});

function Stage({ item }: { item: PromptItem }) {
  const t = useT();
  const { now } = usePort();
  const left = useLeftPrompts().includes(item.key);
  const [asked, toggle] = useFold(`${item.key}:stage`, false);
  const given = givenWords(item);
  const tone = given?.tone ?? promptTone(item.stage);
  const ink = left ? "text-quiet" : INKS[tone];
  const isOpen = asked || (tone !== "moving" && tone !== "settled" && !left);
  const word = item.stage && t(STAGES[item.stage]);
  const notes = [
    isOpen && word,
    isOpen && saidOf(item, t),
    ...(given ? [t(given.key), t("stage.since", { time: clockWords(given.since, now(), dateLocale()) })] : []),
    asked && timeWords(item.at),
    item.origin === "terminal" && t("chat.fromTerminal"),
    item.steered && t("chat.steered"),
  ].filter((note) => typeof note === "string" && note !== "");
  return (
    <>
      {notes.length > 0 && <p className={cx("pt-0.5 pe-6 text-small wrap-any", ink)}>{notes.join(" · ")}</p>}
      {wantsSendAgain(item) && !left && <SendAgain item={item} />}
      {item.stage && word && (
        <button
          type="button"
          aria-label={word}
          aria-expanded={isOpen}
          onClick={toggle}
          className={cx("absolute end-0 bottom-0 flex target-square max-h-full items-center justify-center rounded-card", ink)}
        >
          {item.stage === "sending" ? <Spinner className="size-3" /> : <Icon name={STAGE_MARKS[item.stage]} size={14} />}
        </button>
      )}
    </>
  );
}

/** Why; a turn that failed has a card of its own for that. */
const saidOf = ({ stage, detail }: PromptItem, t: Translate): string =>
  stage === "failed" ? "" : codeText(detail?.code, detail?.message, t);

function SendAgain({ item }: { item: PromptItem }) {
  const t = useT();
  const [again, busy] = useSendAgain(item);
  return (
    <div className="flex flex-wrap items-center gap-2 pt-1.5 pe-6">
      <Button icon="retry" busy={busy} onClick={again}>
        {t("chat.sendAgain")}
      </Button>
      {item.stage === "unknown" && (
        <>
          <Button onClick={() => leavePrompt(item.key)}>{t("stage.leave")}</Button>
          <span className="text-small text-quiet">{t("stage.unknown.hint")}</span>
        </>
      )}
    </div>
  );
}

const timeWords = (at: number): string => new Date(at).toLocaleTimeString(dateLocale(), { hour: "2-digit", minute: "2-digit" });
