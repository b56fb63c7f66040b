/**
 * An agent's text as plain typography. The lexer (a tenth of what a first visit may cost) is asked for as soon as this file runs and is
 * nearly always there before the first message; until then, and where it can't be had, the text stands as it was written.
 */
import { lazy, Suspense, type ComponentType } from "react";
import { cx } from "./cx.ts";

interface MarkdownProps {
  text: string;
  className?: string;
}

function Plain({ text, className }: MarkdownProps) {
  return (
    <div dir="auto" className={cx("wrap-any whitespace-pre-wrap", className)}>
      {text}
    </div>
  );
}

const loading: Promise<{ default: ComponentType<MarkdownProps> }> = import("./markdown-blocks.tsx").then(
  (module) => ({ default: module.MarkdownBlocks }),
  () => ({ default: Plain }),
);
const Blocks = lazy(() => loading);

export function Markdown(props: MarkdownProps) {
  return (
    <Suspense fallback={<Plain {...props} />}>
      <Blocks {...props} />
    </Suspense>
  );
}
