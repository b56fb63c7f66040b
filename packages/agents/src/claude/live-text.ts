/**
 * `stream_event` lines → live text. Ids are those the transcript's events will have (message id and block), so the durable text replaces the
 * live one. Pure.
 */
import type { StreamDelta } from "@hapi/protocol";
import { type Json, num, obj, str } from "./json.ts";

interface Item {
  itemId: string;
  kind: "text" | "thought";
  text: string;
  parent?: string;
}

export interface LiveText {
  read(line: Json): StreamDelta | null;
  /** All of what was said of items whose durable text has not come: for viewers that missed the beginning. */
  whole(): StreamDelta[];
  /** Items whose durable text has not come: closed at the end of a turn. */
  takeOpen(): StreamDelta[];
  recorded(itemId: string): void;
}

/** Sub-agents stream side by side; more than this at once forget the oldest. */
const MAX_STREAMS = 50;

/** `durable`: items whose text was recorded, also before this process read anything. */
export function createLiveText(durable: () => readonly string[] = () => []): LiveText {
  const messages = new Map<string, { id: string; block: Item | null }>();
  const open = new Map<string, Item>();

  function deltaOf(item: Item, delta: string): StreamDelta {
    const family = item.parent === undefined ? {} : { parent: item.parent };
    return { itemId: item.itemId, kind: item.kind, offset: item.text.length, delta, ...family };
  }

  function startBlock(messageId: string, event: Json, parent: string | undefined): Item | null {
    const type = obj(event["content_block"])["type"];
    if (type !== "text" && type !== "thinking") return null;
    const family = parent === undefined ? {} : { parent };
    return { itemId: `${messageId}:${num(event["index"]) ?? 0}`, kind: type === "text" ? "text" : "thought", text: "", ...family };
  }

  return {
    read(line) {
      const event = obj(line["event"]);
      const parent = str(line["parent_tool_use_id"]);
      const key = parent ?? "";
      if (event["type"] === "message_start") {
        messages.delete(key);
        messages.set(key, { id: str(obj(event["message"])["id"]) ?? "", block: null });
        if (messages.size > MAX_STREAMS) messages.delete(messages.keys().next().value as string);
        return null;
      }
      const message = messages.get(key);
      if (!message) return null;
      if (event["type"] === "content_block_start") message.block = startBlock(message.id, event, parent);
      if (event["type"] !== "content_block_delta" || !message.block) return null;
      const delta = obj(event["delta"]);
      const text = str(delta["text"]) ?? str(delta["thinking"]) ?? "";
      if (text === "") return null;
      const item = message.block;
      const said = deltaOf(item, text);
      item.text += text;
      open.set(item.itemId, item);
      if (open.size > MAX_STREAMS) open.delete(open.keys().next().value as string);
      return said;
    },
    whole() {
      return [...open.values()].filter((item) => !durable().includes(item.itemId)).map((item) => deltaOf({ ...item, text: "" }, item.text));
    },
    recorded(itemId) {
      open.delete(itemId);
    },
    takeOpen() {
      const left = [...open.values()].map((item) => deltaOf(item, ""));
      open.clear();
      messages.clear();
      return left;
    },
  };
}
