/** Search and the virtual list. Used as the phone's first level and as the desk's left column. */
import "../../i18n/list.ts";
import type { AppError } from "@hapi/protocol";
import { useDeferredValue, useMemo, useRef, useState, type RefObject, type SyntheticEvent } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { isComposing } from "../../ground/composing.ts";
import { errorText } from "../../i18n/error-words.ts";
import { useT } from "../../i18n/index.ts";
import { useConnection, useHub, useMachines, useSessions } from "../../sync/store.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { go } from "../../ground/go.ts";
import { useIsDesk } from "../../ground/use-media.ts";
import { DirectoryHeader, SectionHeader } from "./list-headers.tsx";
import { archivedCount, listRows, type ListRow, type SectionKey } from "./list.model.ts";
import { SessionRow } from "./session-row.tsx";
import { useSettledRows } from "./settled-rows.ts";
import { useLookout } from "./use-status.ts";
import { useListNavigation } from "./use-list-navigation.ts";

export function SessionList() {
  const t = useT();
  const sessions = useSessions();
  const listed = useHub((state) => state.listed);
  const loadError = useHub((state) => state.loadError);
  const machines = useMachines();
  const lookout = useLookout();
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query);
  const [sections, setSections] = useState<Partial<Record<SectionKey, boolean>>>({});
  const [showArchived, setShowArchived] = useState(false);
  const archived = useMemo(() => archivedCount(sessions), [sessions]);
  const fresh = useMemo(
    () => listRows(sessions, machines, { now: Date.now(), lookout, query: wanted, showArchived, sections }),
    [sessions, machines, lookout, wanted, showArchived, sections],
  );
  const { rows, touch } = useSettledRows(fresh, `${wanted}|${String(showArchived)}|${JSON.stringify(sections)}`);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  useListNavigation(rows, list, search);
  const toggle = (key: SectionKey, open: boolean): void => setSections((before) => ({ ...before, [key]: open }));

  return (
    <section aria-label={t("list.title")} className="flex min-h-0 flex-1 flex-col">
      <Search query={query} onChange={setQuery} input={search} />
      <div ref={scroller} onPointerMove={touch} onPointerDown={touch} className="min-h-0 flex-1 overflow-y-auto overscroll-contain pb-2">
        {rows.length > 0 && (
          <Virtualizer ref={list} scrollRef={scroller} as="ul" item="li" itemSize={56} bufferSize={400}>
            {rows.map((row) => (
              <Row key={row.key} row={row} onToggle={toggle} />
            ))}
          </Virtualizer>
        )}
        {rows.length === 0 && <Nothing loading={!listed} loadError={loadError} query={query} />}
        {archived > 0 && !query && (
          <div className="px-2 pt-1">
            <button
              type="button"
              onClick={() => setShowArchived(!showArchived)}
              className="flex target w-full items-center gap-2 rounded-control px-2 text-small text-quiet hover:bg-hover focus-visible:-outline-offset-2"
            >
              {showArchived ? t("list.archived.hide") : t("list.archived.show")}
              <span className="tabular-nums">{archived}</span>
            </button>
          </div>
        )}
      </div>
    </section>
  );
}

function Row({ row, onToggle }: { row: ListRow; onToggle: (key: SectionKey, open: boolean) => void }) {
  switch (row.kind) {
    case "section":
      return <SectionHeader row={row} onToggle={onToggle} />;
    case "directory":
      return <DirectoryHeader row={row} />;
    case "session":
      return row.path === undefined ? <SessionRow summary={row.summary} /> : <SessionRow summary={row.summary} path={row.path} />;
  }
}

function Search({
  query,
  onChange,
  input,
}: {
  query: string;
  onChange: (query: string) => void;
  input: RefObject<HTMLInputElement | null>;
}) {
  const t = useT();
  const stop = (event: SyntheticEvent): void => event.preventDefault();
  return (
    <form role="search" onSubmit={stop} className="relative px-3 pb-2">
      <Icon name="search" className="pointer-events-none absolute start-6 top-[calc(var(--target)/2-8px)] text-quiet" />
      <input
        ref={input}
        type="search"
        dir="auto"
        value={query}
        aria-label={t("list.search")}
        placeholder={t("list.search")}
        enterKeyHint="search"
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || isComposing(event.nativeEvent)) return;
          onChange("");
          event.currentTarget.blur();
        }}
        className="target w-full appearance-none rounded-control border border-edge bg-raised ps-9 pe-9 placeholder:text-quiet focus-visible:outline-offset-0 [&::-webkit-search-cancel-button]:hidden"
      />
      {query !== "" && (
        <IconButton
          icon="close"
          label={t("list.search.clear")}
          className="absolute end-3 top-0 text-quiet"
          onClick={() => {
            onChange("");
            input.current?.focus();
          }}
        />
      )}
    </form>
  );
}

function Nothing({ loading, loadError, query }: { loading: boolean; loadError: AppError | null; query: string }) {
  const t = useT();
  const desk = useIsDesk();
  const offline = useConnection().phase === "offline";
  if (loading && offline) return <EmptyState icon="info" title={t("list.offline")} hint={t("list.offline.hint")} />;
  if (loading && loadError) return <EmptyState icon="warning" title={t("list.failed", { reason: errorText(loadError, t) })} />;
  if (loading) return <Skeleton lines={6} />;
  if (query.trim()) return <EmptyState icon="search" title={t("list.none", { query: query.trim() })} />;
  // the desk's middle says it in full
  if (desk) return <p className="px-4 py-2 text-quiet">{t("list.empty")}</p>;
  return (
    <EmptyState
      icon="terminal"
      title={t("list.empty")}
      hint={t("list.empty.hint")}
      action={
        <Button tone="primary" icon="plus" onClick={() => go.newSession()}>
          {t("list.new")}
        </Button>
      }
    />
  );
}
