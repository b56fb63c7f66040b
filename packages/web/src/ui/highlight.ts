/**
 * The page's side of the highlight worker. The worker starts with the first code that asks; text is shown plain until its colours arrive,
 * and for good when they don't. Code that still grows is not sent until it rests.
 */
import { useEffect, useState } from "react";
import { scriptUrl } from "../ground/script-url.ts";
// oxlint-disable-next-line import/default -- the bundler makes it: the address of the worker's file
import workerUrl from "../workers/highlight.worker.ts?worker&url";
import type { CodeLine, HighlightAnswer, HighlightRequest, Language } from "../workers/highlight-protocol.ts";
import { MAX_HIGHLIGHT_CHARS, TextCache } from "./highlight.model.ts";

const REST_MS = 120;
const cache = new TextCache<readonly CodeLine[]>();
const waiting = new Map<number, (lines: readonly CodeLine[] | null) => void>();
let worker: Worker | null = null;
let broken = false;
let serial = 0;

function theWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(scriptUrl(workerUrl), { type: "module", name: "highlight" });
  worker.addEventListener("message", (event: MessageEvent<HighlightAnswer>) => {
    waiting.get(event.data.id)?.(event.data.lines);
    waiting.delete(event.data.id);
  });
  // it could not be loaded (offline before it was cached, or blocked): plain text is fine
  worker.addEventListener("error", () => {
    broken = true;
    for (const answer of waiting.values()) answer(null);
    waiting.clear();
  });
  return worker;
}

function ask(code: string, language: Language): Promise<readonly CodeLine[] | null> {
  serial += 1;
  const request: HighlightRequest = { id: serial, code, language };
  return new Promise((resolve) => {
    waiting.set(request.id, resolve);
    theWorker().postMessage(request);
  });
}

const keyOf = (code: string, language: Language): string => `${language}\n${code}`;

/** The coloured lines of `code`, or null while (or where) there are none. */
export function useHighlight(code: string, language: Language | null): readonly CodeLine[] | null {
  const wanted = language !== null && code.length > 0 && code.length <= MAX_HIGHLIGHT_CHARS;
  const key = wanted ? keyOf(code, language) : null;
  const [, redraw] = useState(0);
  useEffect(() => {
    if (key === null || language === null || broken || cache.get(key)) return;
    let alive = true;
    const timer = setTimeout(() => {
      void ask(code, language).then((lines) => {
        if (lines) cache.set(key, lines);
        if (lines && alive) redraw((count) => count + 1);
      });
    }, REST_MS);
    return () => {
      alive = false;
      clearTimeout(timer);
    };
  }, [key, code, language]);
  return key === null ? null : (cache.get(key) ?? null);
}
