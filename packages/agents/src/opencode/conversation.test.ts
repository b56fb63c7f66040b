/** What a session process does that begins on a server with a past, and where a call of its own fails. */
import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import { MESSAGE, openScripted, THREAD, type Call, type Scripted } from "./scripted.case.ts";

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

const pending = { localId: "p1", messageId: MESSAGE.info.id, retry: false, handed: true };
const isHanding = ({ path }: Call) => path.endsWith("/prompt_async");
const isAbort = ({ path }: Call) => path.endsWith("/abort");
const stages = ({ events }: Scripted) => events.flatMap((event) => (event.type === "stage" ? [event.stage] : []));

test("a prompt that was not begun is given again as the next session process begins", async () => {
  await using opencode = await openScripted({ pending });
  opencode.messages.push(MESSAGE);
  await opencode.conversation.adopt();
  expect(opencode.calls.filter(isHanding)).toHaveLength(1);
});

test("a prompt that a person stopped does not run when the next session process begins: it is taken back", async () => {
  await using opencode = await openScripted({ pending: { ...pending, stopped: true } });
  opencode.messages.push(MESSAGE);
  await opencode.conversation.adopt();
  await opencode.until(() => stages(opencode).includes("interrupted"));
  expect(opencode.calls.some(isHanding)).toBe(false);
  expect(opencode.messages).toEqual([]);
  expect(opencode.conversation.busy).toBe(false);
  expect(opencode.kept().pending).toBeNull();
});

test("a prompt that a person stopped is stopped when OpenCode is just about to run it as the next session process begins", async () => {
  await using opencode = await openScripted({ pending: { ...pending, stopped: true } });
  opencode.messages.push(MESSAGE);
  opencode.status = "busy";
  await opencode.conversation.adopt();
  expect(opencode.calls.filter(isAbort)).toHaveLength(1);
  opencode.status = "idle";
  opencode.say("session.status", { sessionID: THREAD, status: { type: "idle" } });
  await opencode.until(() => stages(opencode).includes("interrupted"));
  expect(opencode.calls.some(isHanding)).toBe(false);
});

test("a stop is written down before OpenCode hears of it", async () => {
  await using opencode = await openScripted({ pending });
  opencode.status = "busy";
  opencode.messages.push(MESSAGE);
  await opencode.conversation.adopt();
  const written: unknown[] = [];
  opencode.fails = (call) => {
    if (isAbort(call)) written.push(opencode.kept().pending?.stopped);
    return undefined;
  };
  await opencode.conversation.interrupt();
  expect(written).toEqual([true]);
});

const LONG_MS = 180_000;

test("a server is not ended because the hub is away while it is adopted", async () => {
  const clock = createManualClock();
  const waits = Promise.withResolvers<void>();
  const room = () => {
    waits.resolve();
    return new Promise<void>(() => undefined);
  };
  await using opencode = await openScripted({}, { clock, room });
  const adopted = opencode.conversation.adopt();
  await waits.promise;
  await clock.advance(LONG_MS);
  expect(await adopted).toBe("remote");
  expect(opencode.signals).toEqual([]);
});

test("a server is not ended because its first answer to the next session process is a failure", async () => {
  await using opencode = await openScripted({});
  opencode.fails = ({ path }) => (path === `/session/${THREAD}` && opencode.calls.length === 1 ? 500 : undefined);
  expect(await opencode.conversation.adopt()).toBe("remote");
  expect(opencode.signals).toEqual([]);
});

test("a server that does not say what it knows is not ended either: it is heard once it does", async () => {
  const clock = createManualClock();
  let isLater = false;
  // It listens again a moment after it says so.
  const warn = (event: string) => {
    if (isLater && event === "opencode.events_lost") setImmediate(() => void clock.advance(300));
  };
  const log = { debug: () => undefined, info: () => undefined, warn };
  await using opencode = await openScripted({ pending: { ...pending, handed: false } }, { clock, log });
  const isReading = ({ path }: Call) => path === `/session/${THREAD}/message`;
  opencode.fails = (call) => (isReading(call) ? 500 : undefined);
  const adopted = opencode.conversation.adopt();
  await opencode.until(() => opencode.calls.some(isReading));
  await clock.advance(LONG_MS);
  expect(await adopted).toBe("remote");
  expect(opencode.signals).toEqual([]);

  opencode.fails = () => undefined;
  isLater = true;
  await clock.advance(300);
  await opencode.until(() => opencode.calls.some(isHanding));
});

test("a conversation that is gone from OpenCode ends its server", async () => {
  await using opencode = await openScripted({});
  opencode.fails = ({ path }) => (path === `/session/${THREAD}` ? 404 : undefined);
  expect(await opencode.conversation.adopt()).toBeNull();
  expect(opencode.signals).toEqual(["SIGTERM"]);
});
