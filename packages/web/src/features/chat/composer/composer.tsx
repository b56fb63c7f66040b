/** Where a prompt is written: one field that grows, one button that is Send or Stop, one "+" for the rest. Nothing typed here is ever lost. */
import { Suspense, useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { PromptItem } from "@hapi/core";
import { isComposing } from "../../../app/composing.ts";
import { ignore } from "../../../app/ignore.ts";
import { useIsDesk } from "../../../app/use-media.ts";
import { useT } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/button.tsx";
import { grow } from "../../../ui/field.tsx";
import { useAction, useChat, usePort, useSends } from "../chat-context.tsx";
import { capabilitiesOf, isArchived, isWorking } from "../session.model.ts";
import type { Draft } from "../port.ts";
import { buttonOf, EMPTY_DRAFT, isEmptyDraft, sendsOn, takeBack } from "./composer.model.ts";
import { useEnterRule } from "./enter-rule.ts";
import { ControlNote, FileChips, PlusMenu, QueueBar, SendOptions, SlashMenu } from "./lazy-extras.tsx";
import { SLASH_LIST_ID, slashOptionId } from "./slash.model.ts";
import { useComposer } from "./use-composer.ts";
import { useFileDrop } from "./use-file-drop.ts";
import { useSlash } from "./use-slash.ts";
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
  const steerable = useChat((view) => isWorking(view.session) && capabilitiesOf(view.session).steer === true);
  const [steer, setSteer] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const composer = useComposer(port);
  const { draft, change, keep, sending, addFiles, removeFile, uploads } = composer;
  const slash = useSlash(port.actions, draft.text, (text) => change((now) => ({ ...now, text })));
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
  const dropping = useFileDrop(addFiles);

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
    if (slash.onKey(event)) return;
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
      <Suspense fallback={null}>{hasQueue && <QueueBar onEdit={onEdit} />}</Suspense>
      <Suspense fallback={null}>
        <ControlNote />
      </Suspense>
      <Suspense fallback={null}>
        {(at !== null || offersSteer) && (
          <SendOptions
            at={at}
            onAt={(next) => change((now) => ({ ...now, at: next }))}
            steer={offersSteer ? steer : null}
            onSteer={setSteer}
          />
        )}
      </Suspense>
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
            at={at}
            onAt={(next) => change((now) => ({ ...now, at: next }))}
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
      {dropping && (
        <div className="pointer-events-none fixed inset-0 z-40 flex items-center justify-center bg-scrim">
          <p className="rounded-card bg-raised px-4 py-3 font-strong shadow-sheet">{t("composer.drop")}</p>
        </div>
      )}
    </div>
  );
}
