/** The composer's doing: draft, files and sending. The draft is forgotten only after the prompt is stored; any failure leaves it as it is. */
import { useCallback, useRef, useState } from "react";
import { isPromptTooLong } from "@hapi/core";
import { type Attachment } from "@hapi/protocol";
import { ignore } from "../../../ground/ignore.ts";
import { errorText } from "../../../i18n/error-words.ts";
import { useT } from "../../../i18n/index.ts";
import { showToast } from "../../../ui/toast.ts";
import type { ChatPort, Draft, DraftFile } from "../../../sync/port.ts";
import { admit, EMPTY_DRAFT, fileNameOf, isEmptyDraft } from "./composer.model.ts";
import { useDraft } from "./use-draft.ts";
import { useUploads, type Uploads } from "./use-uploads.ts";
import { newId } from "../../../ground/new-id.ts";

export interface ComposerHandle {
  draft: Draft;
  change(next: (now: Draft) => Draft): void;
  keep(): Promise<void>;
  uploads: Uploads;
  addFiles(files: readonly File[]): void;
  removeFile(file: DraftFile): void;
  send(how?: { steer?: boolean }): void;
  sending: boolean;
}

const REFUSALS = { "too-big": "composer.tooBig", "too-many": "composer.tooMany", empty: "composer.emptyFile" } as const;
let pasted = 0;

export function useComposer(port: ChatPort): ComposerHandle {
  const t = useT();
  const { actions, drafts, store } = port;
  const { draft, change, keep } = useDraft(drafts, store.view().session.id);
  const [sending, setSending] = useState(false);
  const busy = useRef(false);

  const keepUpload = useCallback(
    (id: string, uploaded: Attachment) =>
      change((now) => ({ ...now, files: now.files.map((file) => (file.id === id ? { ...file, uploaded } : file)) })),
    [change],
  );
  const uploads = useUploads(actions, keepUpload);

  const addFiles = useCallback(
    (files: readonly File[]) => {
      const added: DraftFile[] = [];
      for (const file of files) {
        const refusal = admit(draft, file, added.length);
        if (refusal) {
          showToast({ tone: "failed", text: t(REFUSALS[refusal], { name: file.name }) });
          continue;
        }
        pasted += 1;
        added.push({
          id: newId(),
          filename: fileNameOf(file, pasted),
          mimeType: file.type || "application/octet-stream",
          content: file,
        });
      }
      if (added.length === 0) return;
      change((now) => ({ ...now, files: [...now.files, ...added] }));
      // a sleeping session has nobody to take a file: it goes with the prompt that wakes it
      if (store.view().session.active) for (const file of added) ignore(uploads.start(file), "shown at the file itself");
    },
    [draft, change, uploads, store, t],
  );

  const removeFile = useCallback(
    (file: DraftFile) => {
      uploads.drop(file.id);
      change((now) => ({ ...now, files: now.files.filter((other) => other.id !== file.id) }));
    },
    [uploads, change],
  );

  const send = useCallback(
    ({ steer = false }: { steer?: boolean } = {}) => {
      if (busy.current || isEmptyDraft(draft)) return;
      const at = draft.at && draft.at > port.now() ? draft.at : null;
      if (at !== null && draft.files.length > 0) return void showToast({ tone: "failed", text: t("composer.noFilesLater") });
      if (isPromptTooLong(draft.text.trim())) return void showToast({ tone: "failed", text: t("composer.tooLong") });
      busy.current = true;
      setSending(true);
      Promise.all(draft.files.map((file) => uploads.start(file)))
        .then((attachments) => actions.send({ text: draft.text.trim(), attachments, steer: steer && at === null, at }))
        // what was typed while the prompt was on its way stays
        .then(() =>
          change((now) =>
            now.text === draft.text
              ? EMPTY_DRAFT
              : { text: now.text, files: now.files.filter((file) => !draft.files.some((sent) => sent.id === file.id)) },
          ),
        )
        .catch((cause: unknown) => showToast({ tone: "failed", text: t("composer.notSent", { reason: errorText(cause, t) }) }))
        .finally(() => {
          busy.current = false;
          setSending(false);
        });
    },
    [draft, uploads, actions, change, t, port],
  );

  return { draft, change, keep, uploads, addFiles, removeFile, send, sending };
}
