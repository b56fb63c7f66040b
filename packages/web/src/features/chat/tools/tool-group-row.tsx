/** Consecutive small reads and searches as one line; inside, each has its own. */
import { memo } from "react";
import type { ToolGroupItem } from "@hapi/core";
import { useFold } from "../chat-context.tsx";
import { OneLine } from "./one-line.tsx";
import { ToolRow } from "./tool-row.tsx";
import { iconOf } from "./tool.model.ts";
import { useGroupWords } from "./verbs.ts";

export const ToolGroupRow = memo(function ToolGroupRow({ item }: { item: ToolGroupItem }) {
  const words = useGroupWords();
  const [open, toggle] = useFold(item.key, false);
  return (
    <>
      <OneLine
        icon={iconOf(item.tools[0]?.kind ?? "read")}
        running={item.running}
        verb={words(item)}
        object=""
        open={open}
        onToggle={toggle}
      />
      {open && (
        <div className="ms-2 border-s-2 border-line ps-3.5">
          {item.tools.map((tool) => (
            <ToolRow key={tool.key} item={tool} />
          ))}
        </div>
      )}
    </>
  );
});
