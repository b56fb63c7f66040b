/** Where a prompt is written: one field that grows, one button that is Send or Stop, one "+" for the rest. Nothing typed here is ever lost. */
import { Suspense, useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { PromptItem } from "@hapi/core";
import { ignore } from "../../../app/ignore.ts";
import { useIsDesk } from "../../../app/use-media.ts";
import { useT } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/button.tsx";
import { grow } from "../../../ui/field.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { isArchived, isWorking } from "../session.model.ts";
import { buttonOf, isEmptyDraft, sendsOn, takeBack } from "./composer.model.ts";
import { ControlNote } from "./control-note.tsx";
import { useEnterRule } from "./enter-rule.ts";
import { FileChips, PlusMenu, QueueBar, SlashMenu } from "./lazy-extras.tsx";
import { SLASH_LIST_ID, slashOptionId } from "./slash.model.ts";
import { useComposer } from "./use-composer.ts";
import { useFileDrop } from "./use-file-drop.ts";
import { useSlash } from "./use-slash.ts";
import { rowWidth } from "../timeline/row-width.ts";

export function Composer() {
  const t = useT();
  const port = usePort();
  const desk = useIsDesk();
  const rule = useEnterRule();
  const active = useChat((view) => view.session.active);
  const hasQueue = useChat((view) => view.timeline.queue.length > 0);
  const archived = useChat((view) => isArchived(view.session));
  const working = useChat((view) => isWorking(view.session));
  const field = useRef<HTMLTextAreaElement>(null);
  const composer = useComposer(port);
  const { draft, change, send, sending, addFiles, removeFile, uploads } = composer;
  const slash = useSlash(port.actions, draft.text, (text) => change((now) => ({ ...now, text })));
  const [abort, aborting] = useAction(port.actions.abort);
  const button = buttonOf(draft, working);
  const [plusWanted, setPlusWanted] = useState(false);
  const dropping = useFileDrop(addFiles);

  useLayoutEffect(() => grow(field.current), [draft.text]);
  // a desk types at once; a phone would throw up its keyboard
  useEffect(() => {
    if (desk) field.current?.focus({ preventScroll: true });
  }, [desk]);

  const onEdit = useCallback(
    (prompt: PromptItem) => {
      const files = prompt.attachments.map((uploaded) => ({
        id: uploaded.id,
        filename: uploaded.filename,
        mimeType: uploaded.mimeType,
        content: new Blob([]),
        uploaded,
      }));
      change((now) => takeBack(now, prompt.text, files));
      field.current?.focus();
    },
    [change],
  );

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (slash.onKey(event)) return;
    const facts = {
      key: event.key,
      shift: event.shiftKey,
      alt: event.altKey,
      mod: event.metaKey || event.ctrlKey,
      composing: event.nativeEvent.isComposing,
    };
    if (!sendsOn(facts, rule, desk)) return;
    event.preventDefault();
    if (!archived) send();
  };

  return (
    <div className={`${rowWidth} pt-1 pb-2`}>
      <Suspense fallback={null}>{hasQueue && <QueueBar onEdit={onEdit} />}</Suspense>
      <ControlNote />
      <Suspense fallback={null}>
        {slash.options.length > 0 && <SlashMenu options={slash.options} chosen={slash.chosen} onTake={slash.take} />}
      </Suspense>
      <Suspense fallback={null}>
        {draft.files.length > 0 && (
          <FileChips
            files={draft.files}
            states={uploads.states}
            onRemove={removeFile}
            onRetry={(file) => ignore(uploads.start(file), "shown at the file itself")}
          />
        )}
      </Suspense>
      <div className="flex items-end gap-0.5 rounded-card border border-edge bg-raised p-0.5 focus-within:border-accent focus-within:outline-1 focus-within:outline-accent">
        <Suspense
          fallback={<IconButton icon="plus" round label={t("composer.more")} onClick={() => setPlusWanted(true)} className="text-quiet" />}
        >
          <PlusMenu
            desk={desk}
            openAtOnce={plusWanted}
            onFiles={addFiles}
            onSlash={() => {
              change((now) => ({ ...now, text: now.text.startsWith("/") ? now.text : `/${now.text}` }));
              field.current?.focus();
            }}
          />
        </Suspense>
        <textarea
          ref={field}
          dir="auto"
          rows={1}
          value={draft.text}
          aria-label={t("composer.label")}
          placeholder={active || archived ? t("composer.placeholder") : t("composer.placeholder.wake")}
          enterKeyHint={rule === "enter" ? "send" : "enter"}
          aria-autocomplete="list"
          aria-controls={slash.options.length > 0 ? SLASH_LIST_ID : undefined}
          aria-activedescendant={slash.options.length > 0 ? slashOptionId(slash.chosen) : undefined}
          onChange={(event) => {
            slash.moved(event.target.selectionStart);
            change((now) => ({ ...now, text: event.target.value }));
          }}
          onSelect={(event) => slash.moved(event.currentTarget.selectionStart)}
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
            icon="send"
            round
            tone="primary"
            label={t("composer.send")}
            busy={sending}
            disabled={archived || isEmptyDraft(draft)}
            onClick={send}
          />
        ) : (
          <IconButton icon="stop" round tone="plain" label={t("composer.stop")} busy={aborting} onClick={() => abort()} />
        )}
      </div>
      {dropping && (
        <div className="pointer-events-none fixed inset-0 z-40 flex items-center justify-center bg-scrim">
          <p className="rounded-card bg-raised px-4 py-3 font-strong shadow-sheet">{t("composer.drop")}</p>
        </div>
      )}
    </div>
  );
}
