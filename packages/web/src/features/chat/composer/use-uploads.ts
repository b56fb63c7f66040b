/** Files on their way to the machine. Each starts when it is added; a failure keeps the file and its reason, and sending tries again. */
import { errorText } from "../../../i18n/error-words.ts";
import { useCallback, useEffect, useRef, useState } from "react";
import { type Attachment } from "@hapi/protocol";
import type { ChatActions, DraftFile } from "../../../sync/port.ts";

export type UploadState = { kind: "running"; share: number } | { kind: "failed"; reason: string };

export interface Uploads {
  states: Readonly<Record<string, UploadState>>;
  /** Resolves with what the machine calls the file; the same running upload for the same file. */
  start(file: DraftFile): Promise<Attachment>;
  drop(id: string): void;
}

export function useUploads(actions: ChatActions, onDone: (id: string, attachment: Attachment) => void): Uploads {
  const [states, setStates] = useState<Readonly<Record<string, UploadState>>>({});
  const running = useRef(new Map<string, { promise: Promise<Attachment>; abort: AbortController }>());
  const done = useRef(onDone);
  useEffect(() => {
    done.current = onDone;
  });

  const set = useCallback((id: string, state: UploadState | null) => {
    setStates((all) => {
      const { [id]: _before, ...rest } = all;
      return state ? { ...rest, [id]: state } : rest;
    });
  }, []);

  const start = useCallback(
    (file: DraftFile): Promise<Attachment> => {
      if (file.uploaded) return Promise.resolve(file.uploaded);
      const known = running.current.get(file.id);
      if (known) return known.promise;
      const abort = new AbortController();
      set(file.id, { kind: "running", share: 0 });
      const promise = actions
        .upload(file, (share) => set(file.id, { kind: "running", share }), abort.signal)
        .then(
          (attachment) => {
            set(file.id, null);
            done.current(file.id, attachment);
            return attachment;
          },
          (cause: unknown) => {
            if (!abort.signal.aborted) set(file.id, { kind: "failed", reason: errorText(cause) });
            throw cause;
          },
        )
        .finally(() => running.current.delete(file.id));
      running.current.set(file.id, { promise, abort });
      return promise;
    },
    [actions, set],
  );

  const drop = useCallback(
    (id: string) => {
      running.current.get(id)?.abort.abort();
      set(id, null);
    },
    [set],
  );
  return { states, start, drop };
}
