/**
 * A menu on the native popover: light dismiss, top layer and focus return come from the browser, arrow keys from here. On a phone it sits
 * at the bottom of the screen, on a desk beside its button. Choices are radio items, so the chosen one is told and not only coloured.
 */
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { cx } from "./cx.ts";
import { Icon, type IconName } from "./icons.tsx";
import { placeMenu } from "./menu.model.ts";

export interface MenuItem {
  id: string;
  label: string;
  hint?: string;
  icon?: IconName;
  /** Set on every item of a menu of choices. */
  chosen?: boolean;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

export interface MenuTriggerProps {
  popoverTarget: string;
  "aria-haspopup": "menu";
  "aria-expanded": boolean;
  id: string;
}

export interface MenuProps {
  label: string;
  items: readonly MenuItem[];
  trigger: (props: MenuTriggerProps) => ReactNode;
  /** It was asked for before its code was there. */
  openAtOnce?: boolean;
}

export function Menu({ label, items, trigger, openAtOnce = false }: MenuProps) {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [startsOpen] = useState(openAtOnce);

  useLayoutEffect(() => {
    if (startsOpen) panel.current?.showPopover();
  }, [startsOpen]);

  useLayoutEffect(() => {
    const node = panel.current;
    const button = document.getElementById(`${id}-trigger`);
    if (!open || !node || !button) return;
    const place = placeMenu(button.getBoundingClientRect(), node.getBoundingClientRect(), { width: innerWidth, height: innerHeight });
    Object.assign(node.style, place);
    const first = node.querySelector<HTMLElement>('[aria-checked="true"]') ?? node.querySelector<HTMLElement>("[role^=menuitem]");
    first?.focus({ preventScroll: true });
  }, [open, id]);

  return (
    <>
      {trigger({ popoverTarget: id, "aria-haspopup": "menu", "aria-expanded": open, id: `${id}-trigger` })}
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="menu"
        tabIndex={-1}
        aria-label={label}
        onToggle={(event) => setOpen(event.newState === "open")}
        onKeyDown={onArrow}
        className="fixed m-0 max-h-[70dvh] min-w-56 overflow-y-auto rounded-card border border-line bg-raised p-1 shadow-sheet open:animate-enter max-desk:inset-x-2 max-desk:top-auto max-desk:bottom-2 max-desk:w-auto"
      >
        {open && items.map((item) => <MenuRow key={item.id} item={item} close={() => panel.current?.hidePopover()} />)}
      </div>
    </>
  );
}

function MenuRow({ item, close }: { item: MenuItem; close: () => void }) {
  const choice = item.chosen !== undefined;
  return (
    <button
      type="button"
      role={choice ? "menuitemradio" : "menuitem"}
      aria-checked={choice ? item.chosen : undefined}
      disabled={item.disabled}
      tabIndex={-1}
      onClick={() => {
        close();
        item.onSelect();
      }}
      className={cx(
        "flex target w-full items-center gap-2 rounded-control px-2 py-1.5 text-start hover:bg-hover focus-visible:bg-hover focus-visible:-outline-offset-2 disabled:opacity-50",
        item.danger && "text-failed",
      )}
    >
      {choice && <Icon name="check" className={item.chosen ? "text-accent" : "invisible"} />}
      {item.icon && <Icon name={item.icon} className="text-quiet" />}
      <span className="min-w-0">
        <span className="block wrap-any" dir="auto">
          {item.label}
        </span>
        {item.hint && <span className="block text-small wrap-any text-quiet">{item.hint}</span>}
      </span>
    </button>
  );
}

function onArrow(event: KeyboardEvent<HTMLDivElement>): void {
  const steps: Record<string, (at: number, last: number) => number> = {
    ArrowDown: (at, last) => (at >= last ? 0 : at + 1),
    ArrowUp: (at, last) => (at <= 0 ? last : at - 1),
    Home: () => 0,
    End: (_at, last) => last,
  };
  if (event.key === "Tab") event.currentTarget.hidePopover();
  const step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[role^=menuitem]:not(:disabled)")];
  rows[step(rows.indexOf(document.activeElement as HTMLElement), rows.length - 1)]?.focus();
}
