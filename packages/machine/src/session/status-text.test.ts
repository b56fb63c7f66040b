import { expect, test } from "bun:test";
import { statusText } from "./status-text.ts";

const facts = {
  state: { state: "settled" as const, front: "remote" as const },
  thinking: false,
  background: [],
  queued: 0,
  connected: true,
};
const textOf = (more: object): string => statusText({ ...facts, ...more } as never).text;

test("the line below the banner uses the words of the list", () => {
  expect(textOf({ thinking: true, lastTurn: { outcome: "failed" } })).toBe("Working");
  expect(textOf({ lastTurn: { outcome: "failed", failure: { message: "Please run /login" } } })).toBe("Failed: Please run /login");
  expect(textOf({ lastTurn: { outcome: "interrupted" } })).toBe("Interrupted");
  expect(textOf({ lastTurn: { outcome: "completed" } })).toBe("");
  expect(textOf({ background: [{ id: "b", kind: "shell", label: "npm run dev" }] })).toBe("1 running in the background: npm run dev");
});
