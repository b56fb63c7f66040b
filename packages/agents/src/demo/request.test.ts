import { expect, test } from "bun:test";
import type { RecordLine } from "./record.ts";
import { askedIn, modelRequest } from "./request.ts";

const user = (text: string): RecordLine => ({ t: "user", text, images: 0, at: 1 });
const says = (text: string): RecordLine => ({
  t: "update",
  update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
});

test("the model is asked with the whole conversation; a prompt that is retried stands in it once", () => {
  const lines: RecordLine[] = [
    { t: "session", v: 1, id: "x", cwd: "/", at: 1 },
    user("first"),
    says("one "),
    { t: "update", update: { sessionUpdate: "tool_call", toolCallId: "t", title: "Run ls", status: "completed" } },
    says(" two"),
    { t: "end", stopReason: "end_turn", at: 1 },
    user("again"),
    says("half an ans"),
    { t: "fail", status: 529, message: "full", at: 1 },
    { t: "retry", at: 2 },
  ];
  expect(modelRequest(lines)).toEqual([
    { role: "user", text: "first" },
    { role: "assistant", text: "one [Run ls: completed] two" },
    { role: "user", text: "again" },
    { role: "assistant", text: "half an ans" },
  ]);
  expect(askedIn(modelRequest(lines))).toBe("again");
});

test("what a client tells it before the person's words is in the request, and is not what it answers", () => {
  const lines: RecordLine[] = [{ t: "user", text: "go on", before: "the conversation so far: tell me a story", images: 0, at: 1 }];
  const request = modelRequest(lines);
  expect(request.map(({ text }) => text)).toEqual(["the conversation so far: tell me a story", "go on"]);
  expect(askedIn(request)).toBe("go on");
});
