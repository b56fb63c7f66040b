/** Where a prompt is written: one field that grows, one button that is Send or Stop, one "+" for the rest. Nothing typed here is ever lost. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { capability } from "@hapi/protocol";
import type { PromptItem } from "@hapi/core";
import { isComposing } from "../../../ground/composing.ts";
import { ignore } from "../../../ground/ignore.ts";
import { useIsDesk } from "../../../ground/use-media.ts";
import { useT } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/button.tsx";
import { grow } from "../../../ui/grow.ts";
import { useAction, useChat, usePort, useSends } from "../chat-context.tsx";
import { isArchived, isWorking } from "../session.model.ts";
import type { Draft } from "../../../sync/port.ts";
import { buttonOf, EMPTY_DRAFT, isEmptyDraft, sendsOn, takeBack } from "./composer.model.ts";
import { useEnterRule } from "./enter-rule.ts";
import { ControlNote, FileChips, FileDrop, PlusMenu, QueueBar, SendOptions, SlashMenu } from "./lazy-extras.tsx";
import { SLASH_LIST_ID } from "./slash-list-id.ts";
import { useComposer } from "./use-composer.ts";
import { rowWidth } from "../timeline/row-width.ts";

export function Composer() {
  const t = useT();
  const port = usePort();
  const sends = useSends();
  const desk = useIsDesk();
  const rule = useEnterRule();
  const active = useChat((view) => view.session.active);
  const hasQueue = useChat((view) => view.timeline.queue.length > 0);
  const archived = useChat((view) => isArchived(view.session));
  const working = useChat((view) => isWorking(view.session));
  const steerable = useChat((view) => isWorking(view.session) && capability(view.session.metadata, "steer") === true);
  const [steer, setSteer] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const composer = useComposer(port);
  const { draft, change, keep, sending, addFiles, removeFile, uploads } = composer;
  const slash = useRef<((event: KeyboardEvent) => boolean) | null>(null);
  const [caret, setCaret] = useState(0);
  const [marked, setMarked] = useState<string | null>(null);
  const [abort, aborting] = useAction(port.actions.abort);
  const button = buttonOf(draft, working);
  const at = draft.at ?? null;
  const offersSteer = steerable && at === null && !isEmptyDraft(draft);
  const send = () => {
    sends.tell();
    composer.send({ steer: steer && steerable });
    setSteer(false);
  };
  const [plusWanted, setPlusWanted] = useState(false);

  useLayoutEffect(() => grow(field.current), [draft.text]);
  // a desk types at once; a phone would throw up its keyboard
  useEffect(() => {
    if (desk) field.current?.focus({ preventScroll: true });
  }, [desk]);

  const onEdit = useCallback(
    async (prompt: PromptItem) => {
      const files = prompt.attachments.map((uploaded) => ({
        id: uploaded.id,
        filename: uploaded.filename,
        mimeType: uploaded.mimeType,
        content: new Blob([]),
        uploaded,
      }));
      let before: Draft = EMPTY_DRAFT;
      let taken: Draft = EMPTY_DRAFT;
      change((now) => {
        before = now;
        taken = takeBack(now, prompt.text, files, prompt.scheduledAt);
        return taken;
      });
      field.current?.focus();
      await keep();
      return () => change((now) => (now === taken ? before : now));
    },
    [change, keep],
  );

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (slash.current?.(event)) return;
    const facts = {
      key: event.key,
      shift: event.shiftKey,
      alt: event.altKey,
      mod: event.metaKey || event.ctrlKey,
      composing: isComposing(event.nativeEvent),
    };
    if (!sendsOn(facts, rule, desk)) return;
    event.preventDefault();
    if (!archived) send();
  };

  return (
    <div className={`${rowWidth} pt-1 pb-2`}>
      {hasQueue && <QueueBar onEdit={onEdit} />}
      <ControlNote />
      {(at !== null || offersSteer) && (
        <SendOptions
          at={at}
          onAt={(next) => change((now) => ({ ...now, at: next }))}
          steer={offersSteer ? steer : null}
          onSteer={setSteer}
        />
      )}
      {draft.text.startsWith("/") && (
        <SlashMenu
          text={draft.text}
          caret={caret}
          onWrite={(text) => change((now) => ({ ...now, text }))}
          keys={slash}
          onMark={setMarked}
        />
      )}
      {draft.files.length > 0 && (
        <FileChips
          files={draft.files}
          states={uploads.states}
          onRemove={removeFile}
          onRetry={(file) => ignore(uploads.start(file), "shown at the file itself")}
        />
      )}
      <div className="flex items-end gap-0.5 rounded-card border border-edge bg-raised p-0.5 focus-within:border-accent focus-within:outline-1 focus-within:outline-accent">
        <PlusMenu
          desk={desk}
          openAtOnce={plusWanted}
          onEarly={() => setPlusWanted(true)}
          onFiles={addFiles}
          at={at}
          onAt={(next) => change((now) => ({ ...now, at: next }))}
          onSlash={() => {
            change((now) => ({ ...now, text: now.text.startsWith("/") ? now.text : `/${now.text}` }));
            field.current?.focus();
          }}
        />
        <textarea
          ref={field}
          dir="auto"
          rows={1}
          value={draft.text}
          aria-label={t("composer.label")}
          placeholder={active || archived ? t("composer.placeholder") : t("composer.placeholder.wake")}
          enterKeyHint={rule === "enter" ? "send" : "enter"}
          aria-autocomplete="list"
          aria-controls={marked === null ? undefined : SLASH_LIST_ID}
          aria-activedescendant={marked ?? undefined}
          onChange={(event) => {
            setCaret(event.target.selectionStart);
            change((now) => ({ ...now, text: event.target.value }));
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const files = [...event.clipboardData.files];
            if (files.length === 0) return;
            event.preventDefault();
            addFiles(files);
          }}
          className="max-h-[40dvh] min-w-0 flex-1 resize-none bg-transparent px-1 py-[calc((var(--target)-var(--line-body))/2)] outline-none placeholder:text-quiet"
        />
        {button === "send" ? (
          <IconButton
            icon={at === null ? "send" : "clock"}
            round
            tone="primary"
            label={at === null ? t("composer.send") : t("composer.schedule")}
            busy={sending}
            disabled={archived || isEmptyDraft(draft)}
            onClick={send}
          />
        ) : (
          <IconButton icon="stop" round tone="plain" label={t("composer.stop")} busy={aborting} onClick={() => abort()} />
        )}
      </div>
      <FileDrop onFiles={addFiles} />
    </div>
  );
}
