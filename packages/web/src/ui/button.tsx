/**
 * The two buttons there are: one with words, one with an icon and a name. `busy` keeps the width, so nothing moves under the finger.
 */
import type { ComponentPropsWithRef, ReactNode } from "react";
import { cx } from "./cx.ts";
import { Icon, type IconName } from "./icons.tsx";

export type ButtonTone = "primary" | "plain" | "quiet" | "danger";

const TONES: Record<ButtonTone, string> = {
  primary: "bg-accent-fill text-on-accent hover:bg-accent-press active:bg-accent-press border-transparent",
  plain: "bg-raised text-ink border-edge hover:bg-hover active:bg-pressed",
  quiet: "bg-transparent text-ink border-transparent hover:bg-hover active:bg-pressed",
  danger: "bg-raised text-failed border-edge hover:bg-failed-wash active:bg-failed-wash",
};

export interface ButtonProps extends ComponentPropsWithRef<"button"> {
  tone?: ButtonTone;
  icon?: IconName;
  busy?: boolean;
  /** A key that does the same, shown on a desk. */
  shortcut?: string;
  children?: ReactNode;
}

export function Button({
  tone = "plain",
  icon,
  busy = false,
  shortcut,
  className,
  children,
  disabled,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? undefined : rest.onClick}
      className={cx(
        "relative inline-flex target items-center justify-center gap-1.5 rounded-control border px-3 font-strong select-none disabled:opacity-50",
        TONES[tone],
        className,
      )}
    >
      <span className={cx("inline-flex items-center gap-1.5", busy && "opacity-0")}>
        {icon && <Icon name={icon} />}
        {children}
        {shortcut && (
          <kbd aria-hidden="true" className="hidden font-mono text-small font-normal opacity-80 desk:inline">
            {shortcut}
          </kbd>
        )}
      </span>
      {busy && <Spinner className="absolute" />}
    </button>
  );
}

export interface IconButtonProps extends Omit<ComponentPropsWithRef<"button">, "children"> {
  icon: IconName;
  label: string;
  tone?: ButtonTone;
  round?: boolean;
  busy?: boolean;
}

export function IconButton({
  icon,
  label,
  tone = "quiet",
  round = false,
  busy = false,
  className,
  type = "button",
  ...rest
}: IconButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-label={label}
      title={label}
      aria-busy={busy || undefined}
      onClick={busy ? undefined : rest.onClick}
      className={cx(
        "inline-flex target-square shrink-0 items-center justify-center border disabled:opacity-50",
        round ? "rounded-full" : "rounded-control",
        TONES[tone],
        className,
      )}
    >
      {busy ? <Spinner /> : <Icon name={icon} />}
    </button>
  );
}

export function Spinner({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 16 16" width={16} height={16} aria-hidden="true" className={cx("shrink-0 animate-turn", className)}>
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="26 12" strokeLinecap="round" />
    </svg>
  );
}
