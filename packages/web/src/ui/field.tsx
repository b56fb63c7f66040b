/** A label, a control, and what is wrong with it, tied together for screen readers. `TextArea` grows with its text. */
import { useId, useLayoutEffect, useRef, type ComponentPropsWithRef, type ReactNode } from "react";
import { cx } from "./cx.ts";
import { grow } from "./grow.ts";

const CONTROL =
  "w-full rounded-control border border-edge bg-raised px-3 text-ink placeholder:text-quiet focus-visible:outline-offset-0 disabled:opacity-50";

interface FieldFrame {
  label: string;
  /** The label stays for screen readers and leaves the screen. */
  labelHidden?: boolean;
  hint?: ReactNode;
  error?: string | null;
}

function Frame({ id, label, labelHidden, hint, error, children }: FieldFrame & { id: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className={labelHidden ? "sr-only" : "text-small font-strong text-ink"}>
        {label}
      </label>
      {children}
      {hint && !error && (
        <p id={`${id}-hint`} className="text-small text-quiet">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-small text-failed">
          {error}
        </p>
      )}
    </div>
  );
}

const described = (id: string, hint: unknown, error: unknown) => (error ? `${id}-error` : hint ? `${id}-hint` : undefined);

export function Field({ label, labelHidden, hint, error, className, ...rest }: FieldFrame & ComponentPropsWithRef<"input">) {
  const id = useId();
  return (
    <Frame id={id} label={label} labelHidden={labelHidden} hint={hint} error={error}>
      <input
        dir="auto"
        {...rest}
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={described(id, hint, error)}
        className={cx(CONTROL, "target", className)}
      />
    </Frame>
  );
}

export function TextArea({ label, labelHidden, hint, error, className, ...rest }: FieldFrame & ComponentPropsWithRef<"textarea">) {
  const id = useId();
  const local = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => grow(local.current), [rest.value]);
  return (
    <Frame id={id} label={label} labelHidden={labelHidden} hint={hint} error={error}>
      <textarea
        dir="auto"
        rows={1}
        {...rest}
        ref={(node) => {
          local.current = node;
          if (typeof rest.ref === "function") return rest.ref(node);
          if (rest.ref) rest.ref.current = node;
        }}
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={described(id, hint, error)}
        className={cx(CONTROL, "resize-none py-2", className)}
      />
    </Frame>
  );
}

export function Select({ label, labelHidden, hint, error, className, children, ...rest }: FieldFrame & ComponentPropsWithRef<"select">) {
  const id = useId();
  return (
    <Frame id={id} label={label} labelHidden={labelHidden} hint={hint} error={error}>
      <select {...rest} id={id} aria-describedby={described(id, hint, error)} className={cx(CONTROL, "target", className)}>
        {children}
      </select>
    </Frame>
  );
}
