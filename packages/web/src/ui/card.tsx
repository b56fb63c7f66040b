/** A ground with a line around it. `tone` tints the line and the ground of what needs a person or went wrong. */
import type { ComponentPropsWithRef } from "react";
import { cx } from "./cx.ts";

const TONES = {
  plain: "border-line bg-raised",
  waiting: "border-waiting-fill bg-raised",
  failed: "border-failed bg-raised",
} as const;

export function Card({ tone = "plain", className, ...rest }: ComponentPropsWithRef<"div"> & { tone?: keyof typeof TONES }) {
  return <div role={rest["aria-label"] ? "group" : undefined} {...rest} className={cx("rounded-card border", TONES[tone], className)} />;
}
