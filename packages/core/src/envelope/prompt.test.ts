import { expect, test } from "bun:test";
import { encodeEvent, promptContent } from "./encode.ts";
import { promptOfRow } from "./prompt.ts";

const file = { id: "a", filename: "f.png", mimeType: "image/png", size: 3, path: "/tmp/f.png" };

test("a prompt from the web, from another client, and as plain text", () => {
  expect(promptOfRow(promptContent({ text: "hi", attachments: [file] }))).toEqual({ text: "hi", attachments: [file] });
  expect(promptOfRow({ role: "user", content: { type: "text", text: "hi", attachments: null }, meta: null })).toEqual({
    text: "hi",
    attachments: [],
  });
  expect(promptOfRow({ role: "user", content: "hi", meta: { sentFrom: "api" } })).toEqual({ text: "hi", attachments: [] });
});

test("what the agent said, or its record of a prompt, is none", () => {
  expect(promptOfRow(encodeEvent({ type: "agent-message", id: "a", text: "hi" }))).toBeNull();
  expect(promptOfRow(encodeEvent({ type: "user-message", id: "u", text: "hi", localId: "l", origin: "remote" }))).toBeNull();
});

test("one that can't be read as a whole is none", () => {
  for (const content of [
    null,
    "hi",
    [],
    { role: "user" },
    { role: "user", content: { type: "image" } },
    { role: "user", content: "hi", meta: "x" },
  ])
    expect(promptOfRow(content)).toBeNull();
  expect(promptOfRow({ role: "user", content: { type: "text", text: "hi", attachments: [{ id: "a" }] } })).toBeNull();
  expect(promptOfRow({ role: "user", content: "hi", meta: { sentFrom: 5 } })).toBeNull();
});
