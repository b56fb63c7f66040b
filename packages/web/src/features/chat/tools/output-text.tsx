/** Text that came out of a tool: colours kept, its end or its head shown first, the rest on demand. */
import { memo, useState } from "react";
import { useT } from "../../../i18n/index.ts";
import { AnsiText } from "../../../ui/ansi-text.tsx";
import { CopyButton, firstLines } from "../../../ui/code-block.tsx";
import { tailLines } from "./body.model.ts";

const SHOWN_LINES = 24;
/** Even "show all" has an end: a page with more text nodes than this stops being one. */
const MAX_SHOWN = 5_000;

export const OutputText = memo(function OutputText({
  text,
  from = "head",
  bare = false,
}: {
  text: string;
  from?: "head" | "tail";
  bare?: boolean;
}) {
  const t = useT();
  const [all, setAll] = useState(false);
  if (text.trim() === "") return null;
  const tail = tailLines(text, all ? MAX_SHOWN : SHOWN_LINES);
  const cut = tail.hidden > 4 || (all && tail.hidden > 0);
  const shown = !cut ? tailLines(text, MAX_SHOWN).text : from === "tail" ? tail.text : firstLines(text, all ? MAX_SHOWN : SHOWN_LINES);
  const more = cut && !all && (
    <button
      type="button"
      onClick={() => setAll(true)}
      className="flex min-h-9 w-full items-center px-3 text-start text-small text-accent hover:bg-hover"
    >
      {t("ui.showLines", { count: tail.total })}
    </button>
  );
  return (
    <div className={bare ? "group/code relative" : "group/code relative overflow-hidden rounded-card border border-line bg-sunken"}>
      {from === "tail" && more}
      <pre dir="ltr" tabIndex={-1} aria-label={t("tool.output")} className="p-3 pe-12 font-mono text-small wrap-any whitespace-pre-wrap">
        <AnsiText text={shown} />
      </pre>
      <CopyButton text={text} className="absolute end-0 top-0" />
      {from === "head" && more}
    </div>
  );
});
