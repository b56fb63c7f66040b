/** Prompts that wait for the agent, oldest first, each with cancel and edit. More than two fold to a count. */
import { useState } from "react";
import type { PromptItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { IconButton, Spinner } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { RelativeTime } from "../../../ui/relative-time.tsx";
import { showToast } from "../../../ui/toast.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";

const SHOWN = 2;

export function QueueBar({ onEdit }: { onEdit: (prompt: PromptItem) => void }) {
  const t = useT();
  const waiting = useChat((view) => view.timeline.queue);
  // taken back here: gone at once, whenever the news of it comes round
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const queue = gone.size === 0 ? waiting : waiting.filter((prompt) => !gone.has(prompt.key));
  const [all, setAll] = useState(false);
  if (queue.length === 0) return null;
  const shown = all ? queue : queue.slice(0, SHOWN);
  return (
    <section
      aria-label={t("queue.label", { count: queue.length })}
      className="mb-1.5 max-h-48 overflow-y-auto rounded-card border border-line bg-sunken"
    >
      <ol>
        {shown.map((prompt) => (
          <Queued key={prompt.key} prompt={prompt} onEdit={onEdit} onGone={() => setGone((keys) => new Set([...keys, prompt.key]))} />
        ))}
      </ol>
      {queue.length > SHOWN && (
        <button
          type="button"
          onClick={() => setAll(!all)}
          aria-expanded={all}
          className="target w-full border-t border-line px-3 text-start text-small text-quiet hover:bg-hover"
        >
          {all ? t("ui.showLess") : t("queue.more", { count: queue.length - SHOWN })}
        </button>
      )}
    </section>
  );
}

interface QueuedProps {
  prompt: PromptItem;
  onEdit: (prompt: PromptItem) => void;
  onGone: () => void;
}

function Queued({ prompt, onEdit, onGone }: QueuedProps) {
  const t = useT();
  const { actions } = usePort();
  const [take, busy] = useAction(async (andThen: "cancel" | "edit") => {
    const outcome = await actions.cancel(prompt);
    if (outcome === "invoked") showToast({ tone: "idle", text: t("queue.tooLate") });
    else if (outcome === "busy") showToast({ tone: "idle", text: t("queue.busy") });
    else {
      onGone();
      if (andThen === "edit") onEdit(prompt);
    }
  });
  const [again, sending] = useAction(actions.sendAgain);
  const rejected = prompt.stage === "rejected";
  const word = rejected
    ? "stage.rejected"
    : prompt.scheduledAt !== null
      ? "queue.scheduled"
      : prompt.stage === "sending"
        ? "stage.sending"
        : "queue.waiting";
  return (
    <li className="flex items-center gap-2 ps-3 pe-1 not-first:border-t not-first:border-line">
      <QueueSign stage={prompt.stage} />
      <p className="min-w-0 flex-1 py-1">
        <span dir="auto" className="block truncate">
          {prompt.text || prompt.attachments.map((file) => file.filename).join(", ")}
        </span>
        <span className={cx("block text-small wrap-any", rejected ? "text-failed" : "text-quiet")}>
          {t(word)}
          {rejected && prompt.detail?.message && `: ${prompt.detail.message}`}{" "}
          {prompt.scheduledAt !== null && <RelativeTime at={prompt.scheduledAt} />}
        </span>
      </p>
      {rejected && <IconButton icon="retry" label={t("chat.sendAgain")} busy={sending} onClick={() => again(prompt)} />}
      <IconButton icon="edit" label={t("queue.edit")} disabled={busy} onClick={() => take("edit")} />
      <IconButton icon="close" label={t("queue.cancel")} busy={busy} onClick={() => take("cancel")} />
    </li>
  );
}

function QueueSign({ stage }: { stage: PromptItem["stage"] }) {
  if (stage === "sending") return <Spinner className="size-3.5 text-quiet" />;
  return (
    <Icon name={stage === "rejected" ? "warning" : "clock"} size={14} className={stage === "rejected" ? "text-failed" : "text-quiet"} />
  );
}
