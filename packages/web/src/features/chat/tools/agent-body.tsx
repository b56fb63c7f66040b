/** A sub-agent: what it was asked, what it did (indented, with its own folds), what it answered. */
import { memo, useContext } from "react";
import type { ToolItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { Markdown } from "../../../ui/markdown.tsx";
import { useFold } from "../chat-context.tsx";
import { ItemNode } from "../timeline/item-node.ts";
import { OneLine } from "./one-line.tsx";
import { textField } from "./tool.model.ts";

export const AgentBody = memo(function AgentBody({ item }: { item: ToolItem }) {
  const t = useT();
  const itemNode = useContext(ItemNode);
  const prompt = textField(item.input, "prompt", "task", "description");
  const [promptOpen, togglePrompt] = useFold(`${item.key}:prompt`, false);
  return (
    <div className="ms-2 flex flex-col border-s-2 border-line ps-3.5">
      {prompt && (
        <>
          <OneLine
            icon="info"
            verb={t("agent.asked")}
            object={promptOpen ? "" : (prompt.split("\n", 1)[0] ?? "")}
            prose
            open={promptOpen}
            onToggle={togglePrompt}
          />
          {promptOpen && <Markdown text={prompt} className="pb-2 text-quiet" />}
        </>
      )}
      {item.children.map((child) => (
        <div key={child.key} className={child.type === "text" ? "py-1.5" : undefined}>
          {itemNode(child)}
        </div>
      ))}
      {item.output && <Markdown text={item.output} className="py-1.5" />}
    </div>
  );
});
