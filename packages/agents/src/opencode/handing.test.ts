/** A prompt on its way: what is known of it while OpenCode has not written it down, and what a broken line leaves open. */
import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import type { DriverPrompt } from "../driver.ts";
import { openScripted, MESSAGE, THREAD, type Call, type Scripted } from "./scripted.case.ts";

const PROMPT: DriverPrompt = { localId: "p2", text: "say: hello", attachments: [] };
const LONG_MS = 60_000;

const isHanding = ({ path }: Call) => path.endsWith("/prompt_async");
const isAbort = ({ path }: Call) => path.endsWith("/abort");
const isRemoval = ({ method }: Call) => method === "DELETE";
const idsOf = (opencode: Scripted) => opencode.calls.filter(isHanding).map(({ body }) => (body as { messageID: string }).messageID);
const stagesOf = ({ events }: Scripted, localId: string) =>
  events.flatMap((event) => (event.type === "stage" && event.localId === localId ? [event.stage] : []));

async function idle(more: Parameters<typeof openScripted>[1] = {}): Promise<Scripted> {
  const opencode = await openScripted({}, more);
  await opencode.conversation.adopt();
  return opencode;
}

const status = (opencode: Scripted, type: "idle" | "busy") => {
  opencode.status = type;
  opencode.say("session.status", { sessionID: THREAD, status: { type } });
};

function begin(opencode: Scripted, parentID: string): void {
  status(opencode, "busy");
  opencode.say("message.updated", { info: { id: "msg_9", sessionID: THREAD, role: "assistant", parentID, time: { created: 1 } } });
}

test("a prompt whose line broke is sent once more with the same ids", async () => {
  await using opencode = await idle();
  opencode.fails = (call) => (isHanding(call) && opencode.calls.filter(isHanding).length === 1 ? "cut" : undefined);
  await opencode.conversation.prompt(PROMPT);
  const [first, ...others] = idsOf(opencode);
  expect(others).toEqual([first ?? ""]);
  expect(stagesOf(opencode, "p2")).toEqual(["handed"]);
});

test("where that breaks too, the prompt is not called absent until OpenCode would have written it down", async () => {
  const clock = createManualClock();
  await using opencode = await idle({ clock });
  opencode.fails = (call) => (isHanding(call) ? "cut" : undefined);
  await expect(opencode.conversation.prompt(PROMPT)).rejects.toMatchObject({ code: "agent_exited" });
  expect(await opencode.conversation.lookup("p2")).toBe("unknown");
  await clock.advance(LONG_MS);
  expect(await opencode.conversation.lookup("p2")).toBe("absent");
});

test("one that OpenCode has after all runs as what it is", async () => {
  await using opencode = await idle();
  opencode.fails = (call) => (isHanding(call) ? "cut" : undefined);
  await expect(opencode.conversation.prompt(PROMPT)).rejects.toThrow();
  begin(opencode, idsOf(opencode)[0] ?? "");
  await opencode.until(() => stagesOf(opencode, "p2").includes("started"));
});

test("a prompt that OpenCode refused is absent", async () => {
  await using opencode = await idle();
  opencode.fails = (call) => (isHanding(call) ? 400 : undefined);
  await expect(opencode.conversation.prompt(PROMPT)).rejects.toMatchObject({ code: "apply_failed" });
  expect(opencode.calls.filter(isHanding)).toHaveLength(1);
  expect(await opencode.conversation.lookup("p2")).toBe("absent");
});

test("a conversation that OpenCode does not know says nothing of its prompts", async () => {
  await using opencode = await idle();
  expect(await opencode.conversation.lookup("p1")).toBe("absent");
  opencode.fails = ({ path }) => (path.startsWith(`/session/${THREAD}`) ? 404 : undefined);
  expect(await opencode.conversation.lookup("p1")).toBe("unknown");
});

test("what was absent is sent with new ids, which sort behind what is there", async () => {
  await using opencode = await idle();
  expect(await opencode.conversation.lookup("p1")).toBe("absent");
  await opencode.conversation.prompt({ ...PROMPT, localId: "p1" });
  expect(idsOf(opencode)).not.toContain(MESSAGE.info.id);
});

test("a prompt that is not written down yet is not called removed", async () => {
  await using opencode = await idle();
  await opencode.conversation.prompt(PROMPT);
  expect(await opencode.conversation.withdraw("p2")).toBe("consumed");
  expect(opencode.calls.some(isRemoval)).toBe(false);
  expect(await opencode.conversation.lookup("p2")).toBe("present");

  opencode.messages.push({ info: { ...MESSAGE.info, id: idsOf(opencode)[0] ?? "" }, parts: [] });
  expect(await opencode.conversation.withdraw("p2")).toBe("removed");
  expect(opencode.messages).toEqual([]);
  expect(await opencode.conversation.lookup("p2")).toBe("absent");
});

test("one that was given again is not called removed: the second of it may follow", async () => {
  await using opencode = await openScripted({ pending: { localId: "p1", messageId: MESSAGE.info.id, retry: false, handed: true } });
  opencode.messages.push(MESSAGE);
  await opencode.conversation.adopt();
  expect(opencode.calls.filter(isHanding)).toHaveLength(1);
  expect(await opencode.conversation.withdraw("p1")).toBe("consumed");
  expect(opencode.messages).toEqual([MESSAGE]);
});

test("a prompt that is stopped before it is written down is stopped as it begins", async () => {
  await using opencode = await idle();
  await opencode.conversation.prompt(PROMPT);
  await opencode.conversation.interrupt();
  expect(stagesOf(opencode, "p2")).toEqual(["handed"]);
  expect(opencode.conversation.busy).toBe(true);

  const parentID = idsOf(opencode)[0] ?? "";
  begin(opencode, parentID);
  await opencode.until(() => opencode.calls.filter(isAbort).length === 2);
  const error = { name: "MessageAbortedError", data: { message: "Aborted" } };
  const info = { id: "msg_9", sessionID: THREAD, role: "assistant", parentID, time: { created: 1, completed: 2 }, error };
  opencode.say("message.updated", { info });
  status(opencode, "idle");
  await opencode.until(() => stagesOf(opencode, "p2").includes("interrupted"));
  expect(opencode.conversation.busy).toBe(false);
});

test("one that is never written down is given up", async () => {
  const clock = createManualClock();
  await using opencode = await idle({ clock });
  await opencode.conversation.prompt(PROMPT);
  await opencode.conversation.interrupt();
  await clock.advance(LONG_MS);
  await opencode.until(() => stagesOf(opencode, "p2").includes("interrupted"));
  expect(opencode.conversation.busy).toBe(false);
  expect(opencode.calls.filter(isHanding)).toHaveLength(1);
});

test("one that OpenCode takes and says nothing of is given again, three times, a minute apart; then it is left to a person", async () => {
  const clock = createManualClock();
  await using opencode = await idle({ clock });
  let titles = 0;
  // Half a minute, after which its line is heard to live.
  const pass = async () => {
    await clock.advance(LONG_MS / 2);
    const title = `title ${++titles}`;
    opencode.say("session.updated", { info: { id: THREAD, sessionID: THREAD, title } });
    await opencode.until(() => opencode.events.some((event) => event.type === "title" && event.title === title));
  };
  await opencode.conversation.prompt(PROMPT);
  const handings: number[] = [];
  const look = async () => {
    await pass();
    handings.push(opencode.calls.filter(isHanding).length);
  };
  // On a busy machine what was sent is answered some halves later.
  while (handings.at(-1) !== 4 && handings.length < 500) await look();
  for (let more = 0; more < 10; more++) await look();
  // Never two within a minute.
  expect(handings.every((count, at) => count - (handings[at - 2] ?? 1) <= 1)).toBe(true);
  expect(handings.at(-1)).toBe(4);
  expect(new Set(idsOf(opencode)).size).toBe(1);
  expect(stagesOf(opencode, "p2")).toEqual(["handed"]);
  expect(opencode.conversation.busy).toBe(true);
});
