/** Bounds what a tool's input may weigh where it is only shown (agent state at the hub); the agent's record has all of it. */
import { withoutMiddle } from "@hapi/core";

const MARK = (dropped: number): string => `\n…[${dropped} more characters]…\n`;

/** Long strings lose their middle, deep or wide values their ends; the shape stays. */
export function shorten(value: unknown, maxChars: number, depth = 12): unknown {
  if (typeof value === "string") {
    if (value.length <= maxChars) return value;
    const head = Math.floor(maxChars * 0.75);
    const tail = maxChars - head;
    return withoutMiddle(value, { head, tail }, MARK);
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "…";
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => shorten(item, maxChars, depth - 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([key, item]) => [key, shorten(item, maxChars, depth - 1)]),
  );
}

const MAX_ITEMS = 500;
