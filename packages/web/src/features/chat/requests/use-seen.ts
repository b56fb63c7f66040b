/**
 * Whether what a person is to allow was wholly on their screen, one part after the other. What scrolled by was; what stood below the fold, behind
 * the buttons, or in folded lines was not.
 */
import { createContext, use, useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { firstUnseen, type Stretch, withSeen } from "./seen.model.ts";

export interface Seen {
  /** The thing itself. */
  thing: RefObject<HTMLDivElement | null>;
  /** What stands over its end. */
  footer: RefObject<HTMLDivElement | null>;
  isWhole: boolean;
  /** Brings the next part that was not seen to the screen. */
  showRest(): void;
}

export const SeenContext = createContext<Pick<Seen, "isWhole" | "showRest">>({ isWhole: true, showRest: () => undefined });
export const useSeen = () => use(SeenContext);

/** A button of lines that are folded carries it. */
const FOLDED = "[data-folded]";
/** Cards come and go with scrolling: what was seen once, in these very words, was seen. Bounded. */
const MAX_KEPT = 200;
const seenWhole = new Set<string>();

function keep(key: string): void {
  seenWhole.add(key);
  if (seenWhole.size > MAX_KEPT) seenWhole.delete(seenWhole.values().next().value as string);
}

/** The part of `thing` that is on the screen, below what scrolls under a header and above the buttons. */
function visibleOf(thing: HTMLElement, footer: HTMLElement | null): Stretch {
  const { top, bottom } = thing.getBoundingClientRect();
  let [from, to] = [Math.max(0, top), Math.min(window.innerHeight, bottom)];
  for (let around = thing.parentElement; around; around = around.parentElement) {
    if (getComputedStyle(around).overflowY === "visible") continue;
    const frame = around.getBoundingClientRect();
    [from, to] = [Math.max(from, frame.top), Math.min(to, frame.bottom)];
  }
  if (footer) to = Math.min(to, footer.getBoundingClientRect().top);
  return [from - top, to - top];
}

/** `key`: of the request and its words; null while there is nothing to see. */
export function useWhollySeen(key: string | null): Seen {
  const thing = useRef<HTMLDivElement>(null);
  const footer = useRef<HTMLDivElement>(null);
  const seen = useRef<readonly Stretch[]>([]);
  const [isWhole, setWhole] = useState(key === null || seenWhole.has(key));

  useEffect(() => {
    const node = thing.current;
    if (!node || key === null || seenWhole.has(key)) return setWhole(true);
    let width = node.clientWidth;
    seen.current = [];
    setWhole(false);
    const look = (): void => {
      if (document.visibilityState !== "visible") return;
      // Other lines stand where others stood.
      if (node.clientWidth !== width) seen.current = [];
      width = node.clientWidth;
      seen.current = withSeen(seen.current, visibleOf(node, footer.current));
      if (node.querySelector(FOLDED) || firstUnseen(seen.current, node.clientHeight) !== null) return;
      keep(key);
      setWhole(true);
      stop();
    };
    const resized = new ResizeObserver(look);
    const entered = new IntersectionObserver(look, { threshold: [0, 0.25, 0.5, 0.75, 1] });
    const stop = (): void => {
      resized.disconnect();
      entered.disconnect();
      document.removeEventListener("scroll", look, true);
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("resize", look);
    };
    resized.observe(node);
    entered.observe(node);
    document.addEventListener("scroll", look, { capture: true, passive: true });
    document.addEventListener("visibilitychange", look);
    window.addEventListener("resize", look);
    return stop;
  }, [key]);

  const showRest = useCallback((): void => {
    const node = thing.current;
    if (!node) return;
    const at = firstUnseen(seen.current, node.clientHeight);
    const folded = node.querySelector<HTMLElement>(FOLDED);
    if (at === null) return folded?.scrollIntoView({ block: "center" });
    // A mark at that place, so that whatever scrolls here scrolls as it does for any element.
    const mark = document.createElement("div");
    mark.style.cssText = `position:absolute;top:${at}px;height:1px;width:1px;scroll-margin-top:4rem`;
    node.append(mark);
    mark.scrollIntoView({ block: "start" });
    mark.remove();
  }, []);

  return { thing, footer, isWhole, showRest };
}
