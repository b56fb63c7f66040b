/**
 * An agent's text as plain typography. The lexer (a tenth of what a first visit may cost) is asked for as soon as this file runs and is
 * nearly always there before the first message; until then the text stands as it was written.
 */
import { part } from "./part.tsx";
import { ignore } from "../ground/ignore.ts";
import { source } from "../ground/source.ts";
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

const blocks = source(() => import("./markdown-blocks.tsx"));
ignore(blocks.load(), "asked for again by the first text");
const Blocks = part(blocks, (module) => module.MarkdownBlocks, { waiting: (props) => <Plain {...props} />, late: "quiet" });

export const Markdown = (props: MarkdownProps) => <Blocks {...props} />;
