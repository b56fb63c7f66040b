import { expect, test } from "bun:test";
import { encodeEvent, promptContent } from "@hapi/core";
import type { AgentEvent, Message } from "@hapi/protocol";
import fc from "fast-check";
import { createConversationText, maxTextBytes } from "./conversation-text.ts";

let seq = 0;
const row = (content: unknown, more: Partial<Message> = {}): Message => {
  seq += 1;
  return { id: `row-${seq}`, seq, localId: null, content, createdAt: seq, invokedAt: seq, ...more };
};
const said = (event: AgentEvent): Message => row(encodeEvent(event));
const prompt = (localId: string, text: string, more: Partial<Message> = {}): Message =>
  row(promptContent({ text, attachments: [] }), { localId, ...more });
const agent = (text: string): Message => said({ type: "agent-message", id: `a-${seq}`, text });

function textOf(rows: readonly Message[], maxBytes?: number): string {
  const made = createConversationText(maxBytes);
  made.addOlder(rows);
  return made.text;
}

test("who said what, newest last; a tool call is one line; a prompt that the agent's record repeats stands once", () => {
  const rows = [
    prompt("p1", "remember pineapple"),
    said({ type: "user-message", id: "u1", text: "remember pineapple", origin: "remote", localId: "p1" }),
    said({ type: "thought", id: "t1", text: "hm" }),
    agent("I will."),
    said({ type: "tool-call", id: "c1", tool: "Bash", kind: "execute", title: "ls -la\nand more", input: { command: "ls -la" } }),
    said({ type: "tool-result", id: "r1", callId: "c1", status: "completed", output: "a\nb" }),
    said({ type: "agent-message", id: "s1", text: "of a sub-agent", parent: "c1" }),
    agent("Done."),
    said({ type: "turn-ended", id: "e1", outcome: "completed" }),
    prompt("p2", "still waits", { invokedAt: null }),
  ];
  expect(textOf(rows)).toBe("## Person\nremember pineapple\n\n## Agent\nI will.\n\n[Bash: ls -la]\n\nDone.");
});

test("nothing said is nothing", () => {
  expect(textOf([])).toBe("");
  expect(textOf([said({ type: "notice", id: "n", text: "hello", level: "info" }), agent("  ")])).toBe("");
});

test("pages from the newest on: the oldest is left out, whole, and that is said", () => {
  const rows = Array.from({ length: 200 }, (_, index) => agent(`${index} ${"x".repeat(1_000)}`));
  const made = createConversationText();
  expect(made.addOlder(rows.slice(150))).toBe(true);
  expect(made.addOlder(rows.slice(0, 150))).toBe(false);
  const { text } = made;
  expect(text).toStartWith("(earlier messages left out)\n\n## Agent\n");
  expect(text).toEndWith(`199 ${"x".repeat(1_000)}`);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxTextBytes);
  for (const part of text.split("\n\n").slice(1)) expect(part.replace("## Agent\n", "")).toMatch(/^\d+ x{1000}$/);
});

test("of a last message that alone is too long the end is kept", () => {
  const text = textOf([agent(`begin ${"ü".repeat(1_000)} end`)], 300);
  expect(text).toStartWith("(earlier messages left out)\n\n## Agent\n…ü");
  expect(text).toEndWith("ü end");
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(300);
});

test("whatever was said, it is within its bound and ends with what was said last", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 }), { minLength: 1 }), (texts) => {
      const words = texts.map((text) => text.trim()).filter((text) => text !== "");
      const text = textOf(words.map(agent), 400);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(400);
      const last = words.at(-1);
      if (last !== undefined && Buffer.byteLength(last) < 300) expect(text.endsWith(last)).toBe(true);
    }),
  );
});
