/** What a session process does that begins on a server with a past, and where a call of its own fails. */
import { expect, test } from "bun:test";
import { openScripted, THREAD, type Call } from "./scripted.case.ts";

const permission = { id: "per_1", sessionID: THREAD, permission: "bash", patterns: ["ls"], always: [], metadata: {} };
const isReply = ({ path }: Call) => path === "/permission/per_1/reply";

test("in yolo, what was asked while no session process lived is allowed as the next one begins", async () => {
  await using opencode = await openScripted({ mode: "yolo" });
  opencode.status = "busy";
  opencode.permissions.push(permission);
  await opencode.conversation.adopt();
  await opencode.until(() => opencode.calls.some(isReply));
  expect(opencode.calls.find(isReply)?.body).toEqual({ reply: "once" });
  expect(opencode.events.some(({ type }) => type === "request")).toBe(false);
});

test.each([500, "cut"] as const)("in yolo, a person is asked where the mode's own answer did not arrive: %p", async (failure) => {
  await using opencode = await openScripted({ mode: "yolo" });
  opencode.status = "busy";
  opencode.fails = (call) => (isReply(call) ? failure : undefined);
  await opencode.conversation.adopt();
  opencode.say("permission.asked", permission);
  await opencode.until(() => opencode.events.some(({ type }) => type === "request"));
  expect(opencode.kept().requests).toHaveProperty("per_1");

  opencode.fails = () => undefined;
  const answered = opencode.conversation.answer("per_1", { behavior: "deny" });
  await opencode.until(() => opencode.calls.filter(isReply).length === 2);
  opencode.say("permission.replied", { sessionID: THREAD, requestID: "per_1", reply: "reject" });
  expect(await answered).toBe("applied");
});

test("in yolo, what somebody else answered first is not shown", async () => {
  await using opencode = await openScripted({ mode: "yolo" });
  opencode.status = "busy";
  opencode.fails = (call) => (isReply(call) ? 404 : undefined);
  await opencode.conversation.adopt();
  opencode.say("permission.asked", permission);
  await opencode.until(() => opencode.calls.some(isReply));
  opencode.say("session.updated", { info: { id: THREAD, title: "later" } });
  await opencode.until(() => opencode.events.some(({ type }) => type === "title"));
  expect(opencode.events.some(({ type }) => type === "request")).toBe(false);
});
