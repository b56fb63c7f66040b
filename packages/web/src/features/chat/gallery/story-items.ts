/** The story as the timeline draws it, for tests of single tool calls. */
import { createTimeline, type ToolItem } from "@hapi/core";
import { rowsOf, story } from "./script.ts";

const { items } = createTimeline().update({ messages: rowsOf(story), root: "/home/ada/shop" });

export function toolOf(kind: ToolItem["kind"]): ToolItem {
  const all = items.flatMap((item) => (item.type === "tool" ? [item] : item.type === "tool-group" ? item.tools : []));
  const found = all.find((item) => item.kind === kind);
  if (!found) throw new Error(`the story has no ${kind}`);
  return found;
}
