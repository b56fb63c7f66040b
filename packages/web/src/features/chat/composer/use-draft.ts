/**
 * The draft of one session, kept through reloads, crashes and navigation: saved a moment after each change, at once when the page is left,
 * and forgotten only when the prompt is stored elsewhere. What the person typed before the stored draft arrived wins.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { ignore } from "../../../ground/ignore.ts";
import type { Draft, DraftStore } from "../../../sync/port.ts";
import { EMPTY_DRAFT, isEmptyDraft } from "./composer.model.ts";

const SAVE_MS = 250;
/** Where a page that is left at once puts the words its database may have no time for; taken away by the next save. */
const lastWordsKey = (sessionId: string): string => `hapi_draft:${sessionId}`;

function readLastWords(sessionId: string): Pick<Draft, "text" | "at"> | null {
  const kept = sessionStorage.getItem(lastWordsKey(sessionId));
  if (kept === null) return null;
  const { text, at } = JSON.parse(kept) as { text: string; at?: number | null };
  return { text, ...(at == null ? {} : { at }) };
}

export interface DraftHandle {
  draft: Draft;
  change(next: (now: Draft) => Draft): void;
  /** Resolves when the last change is on the device, or can't be. */
  keep(): Promise<void>;
  /** Not read back yet: an empty field says nothing about the draft. */
  loading: boolean;
}

export function useDraft(store: DraftStore, sessionId: string): DraftHandle {
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [loading, setLoading] = useState(true);
  /** `unsaved`: changes that are not known to be stored yet, those on their way included. */
  const latest = useRef({ draft: EMPTY_DRAFT, dirty: false, unsaved: 0 });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const flush = useCallback((): Promise<void> => {
    clearTimeout(timer.current);
    if (!latest.current.dirty) return Promise.resolve();
    const saved = latest.current;
    saved.dirty = false;
    saved.unsaved += 1;
    const work = store.save(sessionId, saved.draft).then(() => sessionStorage.removeItem(lastWordsKey(sessionId)));
    const settled = work.finally(() => (saved.unsaved -= 1));
    ignore(settled, "a draft could not be stored; it lives on in this page");
    return settled.then(
      () => undefined,
      () => undefined,
    );
  }, [store, sessionId]);

  useEffect(() => {
    let alive = true;
    const lastWords = readLastWords(sessionId);
    const arrived = (found: Draft | null) => {
      if (!alive) return;
      const stored = lastWords === null ? found : { ...found, ...lastWords, files: found?.files ?? [] };
      if (stored && !latest.current.dirty && isEmptyDraft(latest.current.draft)) {
        latest.current.draft = stored;
        latest.current.dirty = lastWords !== null;
        setDraft(stored);
        void flush();
      }
      setLoading(false);
    };
    store.load(sessionId).then(arrived, () => arrived(null));
    const onHide = () => {
      void flush();
      // synchronous, and gone with the tab
      const { text, at } = latest.current.draft;
      if (latest.current.unsaved > 0) sessionStorage.setItem(lastWordsKey(sessionId), JSON.stringify({ text, at }));
    };
    const onVisibility = () => void flush();
    window.addEventListener("pagehide", onHide);
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      alive = false;
      window.removeEventListener("pagehide", onHide);
      document.removeEventListener("visibilitychange", onVisibility);
      void flush();
    };
  }, [store, sessionId, flush]);

  const change = useCallback(
    (next: (now: Draft) => Draft) => {
      latest.current.draft = next(latest.current.draft);
      latest.current.dirty = true;
      setDraft(latest.current.draft);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void flush(), SAVE_MS);
    },
    [flush],
  );
  return { draft, change, keep: flush, loading };
}
