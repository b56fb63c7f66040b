/** Terminal output with its colours, as text nodes. */
import { memo } from "react";
import { parseAnsi } from "./ansi.model.ts";

export const AnsiText = memo(function AnsiText({ text }: { text: string }) {
  return parseAnsi(text).map((span, at) =>
    span.className ? (
      <span key={at} className={span.className}>
        {span.text}
      </span>
    ) : (
      span.text
    ),
  );
});
