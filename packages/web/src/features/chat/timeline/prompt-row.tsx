/** What the person asked: a quiet block, and below it where it is, as long as that is worth knowing. */
import { memo } from "react";
import type { PromptItem } from "@hapi/core";
import type { Attachment } from "@hapi/protocol";
import { currentLocale, useT, type MessageKey } from "../../../i18n/index.ts";
import { Button, Spinner } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { useAction, useFold, usePort } from "../chat-context.tsx";
import { isLongPrompt, promptTone, wantsSendAgain, type PromptTone } from "./prompt.model.ts";

const STAGES = {
  sending: "stage.sending",
  accepted: "stage.accepted",
  handed: "stage.handed",
  "in-transcript": "stage.inTranscript",
  started: "stage.started",
  done: "stage.done",
  failed: "stage.failed",
  interrupted: "stage.interrupted",
  unknown: "stage.unknown",
  rejected: "stage.rejected",
} as const satisfies Record<NonNullable<PromptItem["stage"]>, MessageKey>;

export const PromptRow = memo(function PromptRow({ item }: { item: PromptItem }) {
  const t = useT();
  const long = isLongPrompt(item.text);
  const [open, toggle] = useFold(item.key, false);
  return (
    <article aria-label={t("chat.you")} className="group/prompt relative rounded-card bg-sunken px-3 py-2">
      {item.attachments.length > 0 && <AttachmentList attachments={item.attachments} />}
      <p dir="auto" className={cx("wrap-any whitespace-pre-wrap", long && !open && "line-clamp-8")}>
        {item.text}
      </p>
      {long && (
        <button type="button" onClick={toggle} aria-expanded={open} className="target text-small text-accent">
          {open ? t("ui.showLess") : t("ui.showAll")}
        </button>
      )}
      <Stage item={item} />
      <Time at={item.at} />
    </article>
  );
});

function Stage({ item }: { item: PromptItem }) {
  const t = useT();
  const { actions } = usePort();
  const [again, busy] = useAction(actions.sendAgain);
  const tone = promptTone(item.stage);
  const notes = [
    item.stage && tone !== "settled" && t(STAGES[item.stage]),
    item.stage !== "failed" && item.detail?.message,
    item.origin === "terminal" && t("chat.fromTerminal"),
    item.steered && t("chat.steered"),
  ].filter((note) => typeof note === "string");
  return (
    <>
      {item.stage && tone === "settled" && <span className="sr-only">{t(STAGES[item.stage])}</span>}
      {notes.length > 0 && (
        <p
          className={cx(
            "flex items-start gap-1.5 pt-0.5 text-small",
            tone === "failed" ? "text-failed" : tone === "waiting" ? "text-waiting" : "text-quiet",
          )}
        >
          <ToneSign tone={tone} />
          <span className="min-w-0 wrap-any">{notes.join(" · ")}</span>
        </p>
      )}
      {wantsSendAgain(item) && (
        <div className="flex flex-wrap items-center gap-2 pt-1.5">
          <Button icon="retry" busy={busy} onClick={() => again(item)}>
            {t("chat.sendAgain")}
          </Button>
          {item.stage === "unknown" && <span className="text-small text-quiet">{t("stage.unknown.hint")}</span>}
        </div>
      )}
    </>
  );
}

function ToneSign({ tone }: { tone: PromptTone }) {
  if (tone === "moving") return <Spinner className="mt-0.5 size-3.5" />;
  if (tone === "failed") return <Icon name="warning" size={14} className="mt-0.5" />;
  return tone === "waiting" ? <Icon name="question" size={14} className="mt-0.5" /> : null;
}

/** On hover or focus only: a time on each row is noise. */
function Time({ at }: { at: number }) {
  const time = new Date(at);
  return (
    <time
      dateTime={time.toISOString()}
      className="absolute end-3 bottom-full text-small text-quiet opacity-0 group-focus-within/prompt:opacity-100 group-hover/prompt:opacity-100"
    >
      {time.toLocaleTimeString(currentLocale(), { hour: "2-digit", minute: "2-digit" })}
    </time>
  );
}

export function AttachmentList({ attachments }: { attachments: readonly Attachment[] }) {
  const t = useT();
  return (
    <ul aria-label={t("chat.attachments")} className="flex flex-wrap gap-2 pb-1.5">
      {attachments.map((file) => (
        <li key={file.id} className="flex items-center gap-1.5 rounded-control border border-line bg-raised px-2 py-1 text-small">
          {file.previewUrl?.startsWith("data:image/") ? (
            <img src={file.previewUrl} alt="" className="size-10 rounded-[4px] object-cover" />
          ) : (
            <Icon name={file.mimeType.startsWith("image/") ? "image" : "file"} className="text-quiet" />
          )}
          <span dir="auto" className="max-w-[24ch] truncate">
            {file.filename}
          </span>
        </li>
      ))}
    </ul>
  );
}
