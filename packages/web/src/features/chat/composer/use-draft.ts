/**
 * The draft of one session, kept through reloads, crashes and navigation: saved a moment after each change, at once when the page is left,
 * and forgotten only when the prompt is stored elsewhere. What the person typed before the stored draft arrived wins.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { ignore } from "../../../app/ignore.ts";
import type { Draft, DraftStore } from "../port.ts";
import { EMPTY_DRAFT, isEmptyDraft } from "./composer.model.ts";

const SAVE_MS = 250;

export interface DraftHandle {
  draft: Draft;
  change(next: (now: Draft) => Draft): void;
  /** Not read back yet: an empty field says nothing about the draft. */
  loading: boolean;
}

export function useDraft(store: DraftStore, sessionId: string): DraftHandle {
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [loading, setLoading] = useState(true);
  const latest = useRef({ draft: EMPTY_DRAFT, dirty: false });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const flush = useCallback(() => {
    clearTimeout(timer.current);
    if (!latest.current.dirty) return;
    latest.current.dirty = false;
    ignore(store.save(sessionId, latest.current.draft), "a draft could not be stored; it lives on in this page");
  }, [store, sessionId]);

  useEffect(() => {
    let alive = true;
    const arrived = (stored: Draft | null) => {
      if (!alive) return;
      if (stored && !latest.current.dirty && isEmptyDraft(latest.current.draft)) {
        latest.current.draft = stored;
        setDraft(stored);
      }
      setLoading(false);
    };
    store.load(sessionId).then(arrived, () => arrived(null));
    const onHide = () => flush();
    window.addEventListener("pagehide", onHide);
    document.addEventListener("visibilitychange", onHide);
    return () => {
      alive = false;
      window.removeEventListener("pagehide", onHide);
      document.removeEventListener("visibilitychange", onHide);
      flush();
    };
  }, [store, sessionId, flush]);

  const change = useCallback(
    (next: (now: Draft) => Draft) => {
      latest.current = { draft: next(latest.current.draft), dirty: true };
      setDraft(latest.current.draft);
      clearTimeout(timer.current);
      timer.current = setTimeout(flush, SAVE_MS);
    },
    [flush],
  );
  return { draft, change, loading };
}
