/** Prompts that wait for the agent, oldest first, each with what can be done with it. More than two fold to a count. */
import { useState } from "react";
import { capability } from "@hapi/protocol";
import type { PromptItem } from "@hapi/core";
import { codeText } from "../../../i18n/error-words.ts";
import { dateLocale, useT, type Translate } from "../../../i18n/index.ts";
import { Button, IconButton, Spinner } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { showToast } from "../../../ui/toast.ts";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { leavePrompt, useLeftPrompts } from "../left-prompts.ts";
import { isWorking } from "../session.model.ts";
import { useSendAgain } from "../use-send-again.ts";
import { queueOf, waitingOf, waitsSince, type Waiting } from "./queue.model.ts";
import { clockWords } from "./schedule.model.ts";

const SHOWN = 2;

/** Puts a prompt into the field, and says how to take it out again. */
export type OnEdit = (prompt: PromptItem) => Promise<() => void>;

export function QueueBar({ onEdit }: { onEdit: OnEdit }) {
  const t = useT();
  const waiting = useChat((view) => view.timeline.queue);
  const leftKeys = useLeftPrompts();
  // taken back here: gone at once, whenever the news of it comes round
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const { shown: queue, left } = queueOf(waiting, gone, leftKeys);
  const [all, setAll] = useState(false);
  if (queue.length === 0 && left.length === 0) return null;
  const shown = all ? [...queue, ...left] : queue.slice(0, SHOWN);
  const hidden = queue.length + left.length - shown.length;
  const rest = queue.length > SHOWN ? t("queue.more", { count: hidden }) : t("queue.left", { count: left.length });
  return (
    <section
      aria-label={t("queue.label", { count: queue.length })}
      className="mb-1.5 max-h-48 overflow-y-auto rounded-card border border-line bg-sunken"
    >
      <ol>
        {shown.map((prompt) => (
          <Queued
            key={prompt.key}
            prompt={prompt}
            isLeft={left.includes(prompt)}
            onEdit={onEdit}
            onGone={() => setGone((keys) => new Set([...keys, prompt.key]))}
          />
        ))}
      </ol>
      {(hidden > 0 || (all && queue.length + left.length > SHOWN) || (all && left.length > 0)) && (
        <button
          type="button"
          onClick={() => setAll(!all)}
          aria-expanded={all}
          className="target w-full border-line px-3 text-start text-small text-quiet not-first:border-t hover:bg-hover"
        >
          {all ? t("ui.showLess") : rest}
        </button>
      )}
    </section>
  );
}

interface QueuedProps {
  prompt: PromptItem;
  isLeft: boolean;
  onEdit: OnEdit;
  onGone: () => void;
}

function Queued({ prompt, isLeft, onEdit, onGone }: QueuedProps) {
  const t = useT();
  const { actions, now } = usePort();
  const session = useChat((view) => view.session);
  const machineOnline = useChat((view) => view.machineOnline);
  const machine = useChat((view) => view.machineName) ?? "";
  const [take, busy] = useAction(async (andThen: "cancel" | "edit") => {
    // first the words are safe in the field, then the prompt goes: nothing that ends in between loses them
    const undo = andThen === "edit" ? await onEdit(prompt) : () => undefined;
    const outcome = await actions.cancel(prompt).catch((cause: unknown) => {
      undo();
      throw cause;
    });
    if (outcome === "cancelled") return onGone();
    undo();
    showToast({ tone: "idle", text: t(outcome === "invoked" ? "queue.tooLate" : "queue.busy") });
  });
  const [steer, steering] = useAction(async () => {
    const outcome = await actions.steer(prompt);
    if (outcome === "waits") showToast({ tone: "idle", text: t("steer.waits") });
  });
  const [again, sending] = useSendAgain(prompt);
  const waits = waitingOf(prompt, session, machineOnline, now());
  const canSteer =
    waits === "turn" && isWorking(session) && capability(session.metadata, "steer") === true && prompt.attachments.length === 0;
  const isUnknown = waits === "unknown";
  const since = waitsSince(prompt, waits, now());
  return (
    <li className="flex flex-wrap items-center gap-x-2 ps-3 pe-1 not-first:border-t not-first:border-line">
      <Sign waits={waits} />
      <p className="min-w-0 flex-1 py-1">
        <span dir="auto" className="block truncate">
          {prompt.text || prompt.attachments.map((file) => file.filename).join(", ")}
        </span>
        <span
          className={cx(
            "block text-small wrap-any",
            waits === "rejected" || waits === "nothing"
              ? "text-failed"
              : (isUnknown && !isLeft) || asksPerson.has(waits)
                ? "text-waiting"
                : "text-quiet",
          )}
        >
          {wordsOf(waits, prompt, { machine, now: now() }, t)}
          {since !== null && ` · ${t("queue.since", { time: clockWords(since, now(), dateLocale()) })}`}
        </span>
      </p>
      {canSteer && <IconButton icon="steer" label={t("send.steer")} busy={steering} onClick={() => steer()} />}
      {waits === "rejected" && <IconButton icon="retry" label={t("chat.sendAgain")} busy={sending} onClick={() => again()} />}
      {!isUnknown && (
        <>
          <IconButton icon="edit" label={t("queue.edit")} disabled={busy} onClick={() => take("edit")} />
          <IconButton
            icon="close"
            label={t(waits === "rejected" ? "queue.discard" : "queue.cancel")}
            busy={busy}
            onClick={() => take("cancel")}
          />
        </>
      )}
      {isUnknown && (
        <div className="flex basis-full flex-wrap items-center gap-2 pb-2 ps-5">
          <Button icon="retry" busy={sending} onClick={() => again()}>
            {t("chat.sendAgain")}
          </Button>
          {!isLeft && <Button onClick={() => leavePrompt(prompt.key)}>{t("stage.leave")}</Button>}
          <span className="text-small text-quiet">{t("stage.unknown.hint")}</span>
        </div>
      )}
    </li>
  );
}

function wordsOf(waits: Waiting, prompt: PromptItem, about: { machine: string; now: number }, t: Translate): string {
  switch (waits) {
    case "rejected":
      return rejectedWords(prompt, t);
    case "unknown":
      return t("stage.unknown");
    case "planned":
      return t("queue.at", { time: clockWords(prompt.scheduledAt ?? 0, about.now, dateLocale()) });
    case "sending":
      return t("stage.sending");
    case "machine":
      return t("queue.waitsFor", { machine: about.machine });
    case "wake":
      return t("queue.wakes");
    case "pause":
      return t("queue.pause", { time: clockWords(prompt.waiting?.until ?? about.now, about.now, dateLocale()) });
    case "runner":
      return t("queue.runner", { machine: about.machine });
    case "person":
      return personWords(prompt, t);
    case "other":
    case "turn":
      return t("queue.waiting");
    case "start":
    case "connection":
    case "agent":
    case "uptake":
    case "silence":
    case "approval":
    case "background":
    case "keyboard":
    case "terminal":
    case "disk":
    case "nothing":
      return t(`queue.${waits}`);
  }
}

/** Somebody who reads this can end it. */
const asksPerson: ReadonlySet<Waiting> = new Set(["approval", "background", "terminal", "person", "disk"]);

function personWords({ waiting, detail }: PromptItem, t: Translate): string {
  if (waiting?.code === "session_archived") return t("queue.archived");
  const reason = codeText(detail?.code, detail?.message, t);
  return waiting?.code === "session_inactive" || reason === "" ? t("queue.rests") : t("queue.notStarted", { reason });
}

function rejectedWords({ detail }: PromptItem, t: Translate): string {
  const reason = codeText(detail?.code, detail?.message, t);
  return reason === "" ? t("stage.rejected") : t("session.failed", { what: t("stage.rejected"), reason });
}

function Sign({ waits }: { waits: Waiting }) {
  if (waits === "sending") return <Spinner className="size-3.5 text-quiet" />;
  if (waits === "rejected" || waits === "nothing") return <Icon name="warning" size={14} className="text-failed" />;
  return waits === "unknown" ? (
    <Icon name="question" size={14} className="text-waiting" />
  ) : (
    <Icon name="clock" size={14} className="text-quiet" />
  );
}
