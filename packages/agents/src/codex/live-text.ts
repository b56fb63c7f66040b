/**
 * Live text on its way. Only of items whose beginning was seen is it known where a delta stands; of others (this process came in the middle) the
 * whole text is shown once it is complete. Nothing here is kept: the thread has the words.
 */
import type { StreamDelta } from "@hapi/protocol";
import { number, text, type Fields } from "../shared/read.ts";
import { thoughtOf } from "./items.ts";
import type { Translation } from "./state.ts";

interface Delta {
  itemId: string;
  kind: StreamDelta["kind"];
  words: string;
  /** Which paragraph of a thought; they are joined as they are in the item. */
  part: number;
}

export interface LiveText {
  begun(item: Fields): void;
  delta(to: Translation, said: Delta): void;
  done(to: Translation, item: Fields): void;
  clear(): void;
}

const kinds: Readonly<Record<string, StreamDelta["kind"]>> = {
  agentMessage: "text",
  plan: "text",
  reasoning: "thought",
  commandExecution: "tool-output",
};

export function createLiveText(): LiveText {
  const items = new Map<string, { length: number; part: number }>();
  return {
    begun: (item) => void items.set(String(item["id"]), { length: 0, part: 0 }),
    delta(to, { itemId, kind, words, part }) {
      const live = items.get(itemId);
      if (!live || words === "") return;
      const delta = part > live.part && live.length > 0 ? `\n\n${words}` : words;
      to.emit({ type: "stream", delta: { itemId, kind, offset: live.length, delta } });
      live.length += delta.length;
      live.part = part;
    },
    done(to, item) {
      const itemId = String(item["id"]);
      const kind = kinds[String(item["type"])];
      if (kind === undefined) return;
      const live = items.get(itemId);
      items.delete(itemId);
      if (kind === "tool-output") return;
      const whole = kind === "thought" ? thoughtOf(item) : (text(item["text"]) ?? "");
      const from = live?.length ?? 0;
      to.emit({ type: "stream", delta: { itemId, kind, offset: from, delta: whole.slice(from) }, done: true });
    },
    clear: () => items.clear(),
  };
}

const deltas: Readonly<Record<string, StreamDelta["kind"]>> = {
  "item/agentMessage/delta": "text",
  "item/plan/delta": "text",
  "item/reasoning/summaryTextDelta": "thought",
  "item/commandExecution/outputDelta": "tool-output",
};

/** Null: it is no live text that is shown. */
export function deltaOf(method: string, params: Fields): Delta | null {
  const kind = deltas[method];
  if (kind === undefined) return null;
  return { itemId: String(params["itemId"]), kind, words: text(params["delta"]) ?? "", part: number(params["summaryIndex"]) ?? 0 };
}
