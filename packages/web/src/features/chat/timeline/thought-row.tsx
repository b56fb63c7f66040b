/** What the agent thought, folded to one line. */
import type { ThoughtItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { Markdown } from "../../../ui/markdown.tsx";
import { useFold } from "../chat-context.tsx";
import { OneLine } from "../tools/one-line.tsx";

export function ThoughtRow({ item }: { item: ThoughtItem }) {
  const t = useT();
  const [open, toggle] = useFold(item.key, false);
  const line =
    item.text
      .trim()
      .split("\n", 1)[0]
      ?.replace(/[*_`#]/g, "") ?? "";
  return (
    <>
      <OneLine
        icon="thought"
        running={item.streaming}
        verb={item.streaming ? t("chat.thinking") : t("chat.thought")}
        object={open ? "" : line}
        prose
        open={open}
        onToggle={toggle}
      />
      {open && <Markdown text={item.text} className="ms-2 mb-2 border-s-2 border-line ps-3.5 text-quiet" />}
    </>
  );
}
