/** ⌘K: go to a session or a place by typing. A combobox over a listbox in a native dialog. */
import "../../i18n/list.ts";
import "../../i18n/screens.ts";
import { useDeferredValue, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { isComposing } from "../../ground/composing.ts";
import { go } from "../../ground/go.ts";
import { showOverlay } from "../../ground/overlays.ts";
import { useT } from "../../i18n/index.ts";
import { useHub, useSessions } from "../../sync/store.ts";
import { cx } from "../../ui/cx.ts";
import { Icon, type IconName } from "../../ui/icons.tsx";
import { StatusGlyph } from "../../ui/status-glyph.tsx";
import { signOf, statusText } from "../sessions/status.model.ts";
import { statusIn } from "../../sync/status.ts";
import { paletteSessions, score } from "./palette.model.ts";
import type { Status } from "../../ui/status-glyph.tsx";

interface Option {
  id: string;
  label: string;
  hint?: string;
  icon?: IconName;
  status?: Status;
  /** What the sign says. */
  word?: string;
  run: () => void;
}

function useOptions(query: string): Option[] {
  const t = useT();
  const sessions = useSessions();
  return useMemo(() => {
    const lookout = useHub.getState();
    const places: Option[] = [
      { id: "new", label: t("list.new"), icon: "plus", run: () => go.newSession() },
      { id: "inbox", label: t("nav.inbox"), icon: "bell", run: go.inbox },
      { id: "machines", label: t("nav.machines"), icon: "machine", run: go.machines },
      { id: "settings", label: t("nav.settings"), icon: "settings", run: go.settings },
      { id: "keys", label: t("keys.title"), icon: "info", run: () => showOverlay("shortcuts") },
    ];
    const found = paletteSessions(sessions, query, t("list.untitled")).map(({ id, title, path, summary }) => {
      const status = statusIn(summary, lookout);
      return { id, label: title, hint: path, status: signOf(status), word: statusText(status, t), run: () => go.session(id) };
    });
    const named = places.filter((place) => score(place.label, query) > 0);
    return query.trim() === "" ? [...found.slice(0, 8), ...named] : [...found, ...named];
  }, [query, sessions, t]);
}

export function Palette({ onClose }: { onClose: () => void }) {
  const t = useT();
  const base = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const options = useOptions(useDeferredValue(query));
  const chosen = Math.min(at, options.length - 1);

  useEffect(() => {
    const node = dialog.current;
    node?.showModal();
    return () => node?.close();
  }, []);
  useEffect(() => {
    document.getElementById(`${base}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [base, chosen]);

  const run = (option: Option | undefined): void => {
    if (!option) return;
    onClose();
    option.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event.nativeEvent)) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && options.length > 0) {
      event.preventDefault();
      setAt((chosen + step + options.length) % options.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(options[chosen]);
    }
  };

  return (
    <dialog
      ref={dialog}
      aria-label={t("palette.title")}
      onCancel={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      className="mx-auto mt-[12dvh] mb-0 w-[min(560px,calc(100vw-16px))] max-w-none animate-enter overflow-hidden rounded-card border border-line bg-raised p-0 text-ink shadow-sheet backdrop:bg-scrim"
    >
      <div className="flex items-center gap-2 border-b border-line ps-4">
        <Icon name="search" className="text-quiet" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={`${base}-list`}
          aria-activedescendant={options.length > 0 ? `${base}-${chosen}` : undefined}
          aria-label={t("palette.placeholder")}
          placeholder={t("palette.placeholder")}
          value={query}
          dir="auto"
          autoFocus
          autoComplete="off"
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-12 min-w-0 flex-1 bg-transparent pe-4 outline-none placeholder:text-quiet"
        />
      </div>
      <ul id={`${base}-list`} role="listbox" aria-label={t("palette.title")} className="max-h-[min(420px,60dvh)] overflow-y-auto p-1">
        {options.map((option, index) => (
          <li
            key={option.id}
            id={`${base}-${index}`}
            role="option"
            aria-selected={index === chosen}
            onPointerMove={() => setAt(index)}
            onClick={() => run(option)}
            className={cx("flex target cursor-pointer items-center gap-2.5 rounded-control px-3", index === chosen && "bg-accent-wash")}
          >
            {option.status ? (
              <StatusGlyph status={option.status} label={option.word} />
            ) : (
              <Icon name={option.icon ?? "chevronRight"} size={14} className="text-quiet" />
            )}
            <span dir="auto" className="min-w-0 flex-1 truncate text-start">
              {option.label}
            </span>
            {option.hint && <span className="max-w-[40%] truncate text-small text-quiet">{option.hint}</span>}
          </li>
        ))}
      </ul>
      {options.length === 0 && <p className="px-4 py-6 text-center text-quiet">{t("palette.empty", { query: query.trim() })}</p>}
    </dialog>
  );
}
