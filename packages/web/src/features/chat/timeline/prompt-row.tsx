/** What the person asked: a quiet block, and below it where it is, as long as that is worth knowing. */
import { memo } from "react";
import type { PromptItem } from "@hapi/core";
import type { Attachment } from "@hapi/protocol";
import { currentLocale, useT, type MessageKey } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { Spinner } from "../../../ui/button.tsx";
import { useAction, useFold, usePort } from "../chat-context.tsx";
import { isLongPrompt, promptTone, wantsSendAgain } from "./prompt.model.ts";

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
    <article aria-label={t("chat.you")} className="group/prompt rounded-card bg-sunken px-3 py-2">
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
    </article>
  );
});

function Stage({ item }: { item: PromptItem }) {
  const t = useT();
  const { actions } = usePort();
  const [again, busy] = useAction(actions.sendAgain);
  const tone = promptTone(item.stage);
  const time = new Date(item.at);
  return (
    <>
      <p className={cx("flex flex-wrap items-center gap-x-2 text-small", tone === "failed" ? "text-failed" : tone === "waiting" ? "text-waiting" : "text-quiet")}>
        {tone === "moving" && <Spinner className="size-3" />}
        {tone === "failed" && <Icon name="warning" size={14} />}
        {tone === "waiting" && <Icon name="question" size={14} />}
        {item.stage && tone !== "settled" && <span>{t(STAGES[item.stage])}</span>}
        {item.stage && tone === "settled" && <span className="sr-only">{t(STAGES[item.stage])}</span>}
        {item.detail?.message && <span className="wrap-any">{item.detail.message}</span>}
        {item.origin === "terminal" && <span className="text-quiet">{t("chat.fromTerminal")}</span>}
        {item.steered && <span className="text-quiet">{t("chat.steered")}</span>}
        <time
          dateTime={time.toISOString()}
          className="ms-auto text-quiet opacity-0 group-focus-within/prompt:opacity-100 group-hover/prompt:opacity-100"
        >
          {time.toLocaleTimeString(currentLocale(), { hour: "2-digit", minute: "2-digit" })}
        </time>
      </p>
      {wantsSendAgain(item) && (
        <div className="flex flex-wrap items-center gap-2 pt-1">
          <Button icon="retry" busy={busy} onClick={() => again(item)}>
            {t("chat.sendAgain")}
          </Button>
          {item.stage === "unknown" && <span className="text-small text-quiet">{t("stage.unknown.hint")}</span>}
        </div>
      )}
    </>
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
