/** A link within the app: an ordinary anchor (new tab, copy, middle click all work) that navigates without a reload. */
import type { ComponentPropsWithRef, MouseEvent } from "react";
import { cx } from "./cx.ts";
import { navigate, preload, useLocation } from "../ground/routing/location.ts";

export interface LinkProps extends Omit<ComponentPropsWithRef<"a">, "href"> {
  to: string;
  /** Added while the address is the one shown. */
  activeClassName?: string;
  inactiveClassName?: string;
}

const isPlain = (event: MouseEvent): boolean =>
  event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;

export function Link({ to, activeClassName, inactiveClassName, className, onClick, children, ...rest }: LinkProps) {
  const active = useLocation().pathname === to.split("?")[0];
  return (
    <a
      {...rest}
      href={to}
      aria-current={active ? "page" : undefined}
      className={cx(className, active ? activeClassName : inactiveClassName)}
      onPointerEnter={() => preload(to)}
      onFocus={() => preload(to)}
      onClick={(event) => {
        onClick?.(event);
        if (!isPlain(event)) return;
        event.preventDefault();
        void navigate(to);
      }}
    >
      {children}
    </a>
  );
}
