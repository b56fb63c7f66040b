/**
 * The conversation as a virtual list that follows its end until the person scrolls up, and keeps its place while older pages come in.
 * The list itself is not a live region (rows mount and unmount while scrolling); `Announcer` tells what is new.
 */
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import type { TimelineItem } from "@hapi/core";
import { ignore } from "../../../ground/ignore.ts";
import { part } from "../../../ui/part.tsx";
import { source } from "../../../ground/source.ts";
import { errorText } from "../../../i18n/error-words.ts";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { EmptyState } from "../../../ui/empty-state.tsx";
import { Skeleton } from "../../../ui/skeleton.tsx";
import { useChat, useFolds, usePort, useSends } from "../chat-context.tsx";
import { isWorking } from "../session.model.ts";
import { noteScroll } from "../requests/tap-guard.ts";
import { ItemNode } from "./item-node.ts";
import { AbsentRows, JumpToEnd } from "./lazy-rows.tsx";
import { keepPlace, placeOf } from "./places.ts";
import { itemNode, Row } from "./row.tsx";
import { appendedCount, distanceToEnd, END_SLACK_PX, followsEnd, prependedCount, wantsOlder, type ScrollFacts } from "./scroll.model.ts";
import { usePersonMoves } from "./use-person-moves.ts";
import { WorkingLine } from "./working-line.tsx";

// it has nothing to say before something new comes
const Announcer = part(
  source(() => import("./announcer.tsx")),
  (module) => module.Announcer,
  { late: "quiet" },
);

/** Fixed, so that the list knows where it starts. */
const TOP_PX = 48;
const BUTTON_PX = 40;

export function TimelineView() {
  const t = useT();
  const items = useChat((view) => view.timeline.items);
  const loaded = useChat((view) => view.loaded);
  const loadError = useChat((view) => view.loadError);
  const hasOlder = useChat((view) => view.hasOlder);
  const away = useChat((view) => view.away);
  const working = useChat((view) => isWorking(view.session));
  if (!loaded)
    return (
      <div className="min-h-0 flex-1">
        {loadError && !away ? (
          <EmptyState icon="warning" title={t("chat.loadFailed")} hint={errorText(loadError, t)} />
        ) : away ? (
          <AbsentRows />
        ) : (
          <Skeleton lines={8} />
        )}
      </div>
    );
  if (items.length === 0 && !hasOlder && !working)
    return (
      <div className="flex min-h-0 flex-1 flex-col justify-center">
        <EmptyState icon="send" title={t("chat.empty")} hint={t("chat.empty.hint")} />
      </div>
    );
  return (
    <ItemNode value={itemNode}>
      <List items={items} />
    </ItemNode>
  );
}

function List({ items }: { items: readonly TimelineItem[] }) {
  const t = useT();
  const port = usePort();
  const folds = useFolds();
  const sends = useSends();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const follows = useRef(true);
  const frame = useRef<{ top: number; height: number } | null>(null);
  const last = useRef<ScrollFacts>({ offset: 0, viewport: 0, size: 0 });
  const movedByPerson = usePersonMoves(scroller);
  const [atEnd, setAtEnd] = useState(true);
  const [lastSeen, setLastSeen] = useState<string | undefined>(undefined);
  const shift = usePrepended(items);

  const toEnd = useCallback(() => {
    const node = scroller.current;
    if (node) node.scrollTop = node.scrollHeight;
  }, []);
  const jump = useCallback(() => {
    follows.current = true;
    setAtEnd(true);
    setLastSeen(undefined);
    toEnd();
  }, [toEnd]);
  const settle = useCallback(() => {
    const node = scroller.current;
    if (!node) return;
    const { top, height } = node.getBoundingClientRect();
    const before = frame.current;
    frame.current = { top, height };
    const isMoved = before !== null && (before.top !== top || before.height !== height);
    // what came or went above or below by itself: no tap is taken for what was there a moment ago
    if (isMoved) noteScroll();
    if (follows.current) return toEnd();
    if (isMoved) node.scrollTop += top - before.top;
    // a fold that was opened or closed may have taken the end away, or brought it back
    follows.current = distanceToEnd(factsOf(node)) <= END_SLACK_PX;
    setAtEnd(follows.current);
  }, [toEnd]);

  useReturn(port.store.view().session.id, items, (index, into) => {
    follows.current = false;
    setAtEnd(false);
    list.current?.scrollToIndex(index, { align: "start", offset: into });
  });

  // sizes settle in steps (rows are measured, code arrives): each one is followed before it is painted
  useLayoutEffect(() => {
    const [outside, inside] = [scroller.current, content.current];
    if (!outside || !inside) return;
    const observer = new ResizeObserver(settle);
    observer.observe(outside);
    observer.observe(inside);
    return () => observer.disconnect();
  }, [settle]);
  useEffect(() => folds.onChange(() => (follows.current = false)), [folds]);
  // what was just sent is looked for at the end, also by whoever read further up
  useEffect(() => sends.on(jump), [sends, jump]);

  const loadOlder = useCallback(() => {
    const { hasOlder, loadingOlder } = port.store.view();
    if (hasOlder && !loadingOlder) ignore(port.actions.loadOlder(), "asked again by the next scroll");
  }, [port]);

  const onScroll = useCallback(
    (offset: number) => {
      const node = scroller.current;
      if (!node) return;
      const facts = factsOf(node);
      const byPerson = movedByPerson();
      // a line of streaming text is no reason to hold back an answer; a button's height is
      if (byPerson || Math.abs(facts.offset - last.current.offset) > BUTTON_PX) noteScroll();
      follows.current = followsEnd(follows.current, { before: last.current, now: facts, byPerson });
      last.current = facts;
      setAtEnd(follows.current);
      const { session, timeline } = port.store.view();
      const top = list.current?.findItemIndex(facts.offset) ?? 0;
      const key = timeline.items[top]?.key;
      const into = facts.offset - (list.current?.getItemOffset(top) ?? 0) - TOP_PX;
      keepPlace(session.id, follows.current || key === undefined ? null : { key, into });
      if (follows.current) setLastSeen(undefined);
      else setLastSeen((seen) => seen ?? port.store.view().timeline.items.at(-1)?.key);
      if (wantsOlder({ ...facts, offset })) loadOlder();
    },
    [loadOlder, port, movedByPerson],
  );

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <h2 className="sr-only">{t("chat.conversation")}</h2>
      <div
        ref={scroller}
        role="region"
        aria-label={t("chat.conversation")}
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain [overflow-anchor:none] focus-visible:-outline-offset-2"
      >
        <div ref={content}>
          <Top />
          <Virtualizer ref={list} scrollRef={scroller} startMargin={TOP_PX} data={items} shift={shift} onScroll={onScroll} bufferSize={600}>
            {(item) => <Row key={item.key} item={item} />}
          </Virtualizer>
          <WorkingLine />
        </div>
      </div>
      {!atEnd && <JumpToEnd fresh={appendedCount(lastSeen, items)} onJump={jump} />}
      <Announcer items={items} />
    </div>
  );
}

const factsOf = (node: HTMLElement): ScrollFacts => ({ offset: node.scrollTop, viewport: node.clientHeight, size: node.scrollHeight });

/** Back where the person left the conversation, once, when it is shown again. */
function useReturn(sessionId: string, items: readonly TimelineItem[], go: (index: number, into: number) => void): void {
  const isBack = useRef(false);
  useLayoutEffect(() => {
    if (isBack.current) return;
    isBack.current = true;
    const place = placeOf(sessionId);
    const index = items.findIndex((item) => item.key === place?.key);
    if (place && index !== -1) go(index, place.into);
  }, [sessionId, items, go]);
}

/** True in exactly the render in which older rows came in: the list then keeps its distance from the end. */
function usePrepended(items: readonly TimelineItem[]): boolean {
  const [known, setKnown] = useState({ items, shift: false });
  if (known.items === items) return known.shift;
  const next = { items, shift: prependedCount(known.items, items) > 0 };
  setKnown(next);
  return next.shift;
}

const Top = memo(function Top() {
  const t = useT();
  const { actions } = usePort();
  const hasOlder = useChat((view) => view.hasOlder);
  const loading = useChat((view) => view.loadingOlder);
  return (
    <div className="flex items-center justify-center text-small text-quiet" style={{ height: TOP_PX }}>
      {!hasOlder && t("chat.start")}
      {hasOlder && (
        <Button
          tone="quiet"
          busy={loading}
          onClick={() => ignore(actions.loadOlder(), "the button stays")}
          className="text-small font-normal text-quiet"
        >
          {t("chat.older")}
        </Button>
      )}
    </div>
  );
});
