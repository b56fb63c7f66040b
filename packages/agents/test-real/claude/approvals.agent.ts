/**
 * One dialog, two doors: what is told of an approval is what Claude did with it. The terminal and somebody elsewhere answer the same request, in
 * both orders and within 1.6 s; whether the tool ran is seen on the disk.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import type { AgentRequest, DriverEvent, RequestAnswer } from "../../src/driver.ts";
import { createRig, type Rig } from "./rig.ts";

const PROMPT_SIGN = /\?forshortcuts|manualmode|❯/;
const CLEAR_LINE = "\u0015";
const ESCAPE = "\u001b";
type Closed = Extract<DriverEvent, { type: "request-closed" }>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const request = (rig: Rig, from = 0) => rig.wait("a request", (event) => event.type === "request" && event.request, from);
/** How it ended for good: what only the screen shows may still be corrected by the record. */
const certain = (rig: Rig, id: string): Promise<Closed> =>
  rig.wait("its closing", (event) => event.type === "request-closed" && event.id === id && event.certain !== false && event);

async function startLocal(rig: Rig): Promise<void> {
  await rig.start({ front: "local" });
  await rig.shows(PROMPT_SIGN);
}

async function say(rig: Rig, text: string): Promise<void> {
  await rig.type(CLEAR_LINE);
  await rig.type(text);
  await rig.shows(text.replace(/\s/g, ""));
  await rig.type("\r");
}

/**
 * Until the dialog takes it, each second: Claude ignores keys in the first moments of one. Only once it is drawn: Claude holds it back as long as
 * somebody types. Answers when Claude left the dialog.
 */
async function atTheDialog(rig: Rig, key: string): Promise<void> {
  const left = rig.statusLeft("waiting");
  await rig.press(key, left);
}

/** Claude has it; its record may take a while to show it on a busy machine. */
const taken = async (rig: Rig, id: string, answer: RequestAnswer): Promise<void> =>
  expect(["applied", "sent"]).toContain(await rig.conversation.answer(id, answer));

interface Told {
  heard: string;
  outcome: string;
  by: string;
  ran: boolean;
}

interface Race {
  file: string;
  first: "terminal" | "web";
  key: string;
  answer: RequestAnswer;
  gapMs: number;
}

async function both(rig: Rig, { file, first, key, answer, gapMs }: Race): Promise<Told> {
  const from = rig.mark();
  const before = rig.screen().split("Doyouwanttoproceed?").length;
  await say(rig, `run: touch ${file}; sleep 1`);
  const open = await request(rig, from);
  await rig.shows(new RegExp(`(Doyouwanttoproceed\\?[\\s\\S]*){${before}}`));
  await rig.statusIs("waiting");
  let heard: Promise<string>;
  if (first === "terminal") {
    await atTheDialog(rig, key);
    await pause(gapMs);
    heard = rig.conversation.answer(open.id, answer);
  } else {
    heard = rig.conversation.answer(open.id, answer);
    await pause(gapMs);
    await rig.type(key);
  }
  const closed = await certain(rig, open.id);
  await rig.record("turn-ended", undefined, from);
  return { heard: await heard, outcome: closed.outcome, by: closed.by, ran: existsSync(join(rig.cwd, file)) };
}

const allow: RequestAnswer = { behavior: "allow" };
const deny: RequestAnswer = { behavior: "deny", reason: "rather not" };

describe("the terminal answers, then somebody elsewhere", () => {
  test("Yes, then deny: it runs, and is told as approved in the terminal, at every delay", async () => {
    await using rig = await createRig();
    await startLocal(rig);
    for (const gapMs of [0, 100, 400, 800, 1_600]) {
      const told = await both(rig, { file: `yes-${gapMs}`, first: "terminal", key: "1", answer: deny, gapMs });
      expect({ gapMs, ...told, heard: "" }).toEqual({ gapMs, heard: "", outcome: "approved", by: "terminal", ran: true });
      expect(["gone", "sent"]).toContain(told.heard);
    }
  }, 480_000);

  // Each in a terminal of its own: Claude puts the prompt of a turn that Esc ended back into its line.
  test.each([0, 400, 1_600])(
    "Esc, then allow after %d ms: it does not run, and is told as denied in the terminal",
    async (gapMs) => {
      await using rig = await createRig();
      await startLocal(rig);
      const told = await both(rig, { file: "no", first: "terminal", key: ESCAPE, answer: allow, gapMs });
      expect({ ...told, heard: "" }).toEqual({ heard: "", outcome: "denied", by: "terminal", ran: false });
      expect(["gone", "sent"]).toContain(told.heard);
    },
    480_000,
  );
});

describe("somebody elsewhere answers, then the terminal", () => {
  test.each([0, 50, 200])(
    "deny, then Yes after %d ms: told as whichever Claude took",
    async (gapMs) => {
      await using rig = await createRig();
      await startLocal(rig);
      const told = await both(rig, { file: "deny", first: "web", key: "1", answer: deny, gapMs });
      expect(told).toMatchObject(told.ran ? { outcome: "approved", by: "terminal" } : { outcome: "denied", by: "remote" });
      expect(told.heard === "applied" && told.ran).toBe(false);
    },
    240_000,
  );

  test.each([0, 50])(
    "allow, then Esc after %d ms: told as whichever Claude took",
    async (gapMs) => {
      await using rig = await createRig();
      await startLocal(rig);
      const told = await both(rig, { file: "allow", first: "web", key: ESCAPE, answer: allow, gapMs });
      // Taken, it may be stopped before it had done anything.
      const allowed = { outcome: "approved", by: "remote" };
      expect(told).toMatchObject(told.ran || told.outcome === "approved" ? allowed : { outcome: "denied", by: "terminal" });
      expect(told.heard === "applied" && told.outcome === "denied").toBe(false);
    },
    240_000,
  );
});

test("a tool that runs for long after a Yes: told as running at once, without waiting for its end; the record confirms it", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: for i in 1 2 3 4; do sleep 2; done");
  const open = await request(rig);
  await rig.shows("Doyouwanttoproceed?");
  await rig.statusIs("waiting");
  const first = rig.wait("a closing", (event) => event.type === "request-closed" && event.id === open.id && event);
  await rig.press("1", first);
  expect(await first).toMatchObject({ outcome: "approved", by: "terminal", certain: false });
  expect(rig.events.some((event) => event.type === "record" && event.event.type === "tool-result")).toBe(false);
  expect(await rig.conversation.answer(open.id, deny)).toBe("gone");
  expect(await certain(rig, open.id)).toMatchObject({ outcome: "approved", by: "terminal" });
  await rig.record("tool-result", (event) => event.status === "completed");
}, 480_000);

test("allowed from elsewhere, it runs for long: sent until the record says it, then approved by that answer", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: for i in 1 2 3; do sleep 2; done");
  const open = await request(rig);
  expect(await rig.conversation.answer(open.id, allow)).toBe("sent");
  expect(rig.events.some((event) => event.type === "record" && event.event.type === "tool-result")).toBe(false);
  expect(await certain(rig, open.id)).toMatchObject({ outcome: "approved", by: "remote" });
}, 480_000);

test("a question answered in the terminal, then from elsewhere: the terminal's answer is the model's, and is told so", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "ask: Which color?|Red|Blue");
  const open = await request(rig);
  await rig.shows(/2\.Blue/);
  await rig.statusIs("waiting");
  await atTheDialog(rig, "2");
  const heard = await rig.conversation.answer(open.id, { behavior: "allow", answers: { "0": ["Red"] } });
  expect(heard).not.toBe("applied");
  expect(await certain(rig, open.id)).toMatchObject({ outcome: "approved", by: "terminal" });
  await rig.record("turn-ended");
  expect(rig.lastConversation().join("\n")).toContain('"Which color?"="Blue"');
}, 480_000);

test("several dialogs at once, two of them alike: each is told as what happened to it", async () => {
  await using rig = await createRig();
  rig.fake.setScenario({
    turns: [
      {
        when: { user: "^go" },
        reply: ["hostname", "hosts", "hosts"].map((name) => ({ tool: "Read", args: { file_path: `/etc/${name}` } })),
      },
      { reply: "fine", forever: true },
    ],
  } as never);
  await startLocal(rig);
  await say(rig, "go");
  const all: AgentRequest[] = [];
  await rig.wait("three requests", (event) => event.type === "request" && all.push(event.request) === 3);
  expect(new Set(all.map((open) => open.toolCallId)).size).toBe(3);
  const isHosts = (open: AgentRequest): boolean => JSON.stringify(open.input).includes("hosts");
  const [one, other] = all.filter(isHosts);
  const alone = all.find((open) => !isHosts(open));
  await taken(rig, one?.id ?? "", { behavior: "deny", reason: "not this one" });
  await taken(rig, alone?.id ?? "", { behavior: "deny", reason: "nor that" });
  await taken(rig, other?.id ?? "", allow);
  for (const { id } of all) await certain(rig, id);
  await rig.record("turn-ended");
  const ends = rig.events.flatMap((event) =>
    event.type === "request-closed" && event.certain !== false ? [`${event.outcome} ${event.by} ${event.reason ?? ""}`] : [],
  );
  expect(ends.toSorted()).toEqual(["approved remote ", "denied remote nor that", "denied remote not this one"]);
  const results = rig.events.flatMap((event) =>
    event.type === "record" && event.event.type === "tool-result" ? [event.event.status] : [],
  );
  expect(results.toSorted()).toEqual(["completed", "denied", "denied"]);
}, 480_000);

test("the session process dies between sent and applied: the next one tells what Claude took", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: touch sent-then-died; sleep 2");
  const open = await request(rig);
  await rig.statusIs("waiting");
  const answering = rig.conversation.answer(open.id, allow);
  await rig.statusLeft("waiting");
  await rig.killSessionProcess();
  const from = rig.mark();
  expect(await rig.takeOver()).toBe("local");
  const closed = await rig.wait(
    "its closing",
    (event) => event.type === "request-closed" && event.id === open.id && event.certain !== false && event,
    from,
  );
  expect(closed).toMatchObject({ outcome: "approved", by: "remote" });
  await rig.record("turn-ended", undefined, from);
  expect(existsSync(join(rig.cwd, "sent-then-died"))).toBe(true);
  await answering;
}, 480_000);

test("the agent is killed between sent and applied: nobody says Denied, neither of the request nor of the tool", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: for i in 1 2 3 4 5 6; do sleep 3; done");
  const open = await request(rig);
  await rig.statusIs("waiting");
  await rig.record("tool-call");
  const pty = rig.host.processes().findLast((one) => one.kind === "pty");
  // Stopped, it can't take the answer any more.
  process.kill(pty?.pid ?? 0, "SIGSTOP");
  const heard = rig.conversation.answer(open.id, deny);
  await pty?.signal("SIGKILL");
  expect(await certain(rig, open.id)).toMatchObject({
    outcome: "canceled",
    by: "agent",
    reason: expect.stringContaining("ended before it said"),
  });
  expect(await heard).toBe("gone");
  await rig.wait("its exit", (event) => event.type === "exited");
  await rig.start({ threadId: rig.threadId });
  await rig.conversation.prompt({ localId: "again", text: "hello again", attachments: [] });
  expect((await rig.record("tool-result")).status).toBe("cancelled");
}, 480_000);

test("taken over with its dialog up: the request is withdrawn and the tool cancelled, nobody denied anything", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "run: touch never");
  const open = await request(rig);
  await rig.statusIs("waiting");
  await rig.record("tool-call");
  await rig.conversation.stop({ graceMs: 4_000, interrupt: true });
  expect(await certain(rig, open.id)).toMatchObject({ outcome: "canceled", by: "agent", reason: expect.stringContaining("Withdrawn") });
  expect((await rig.record("tool-result")).status).toBe("cancelled");
  expect(existsSync(join(rig.cwd, "never"))).toBe(false);
}, 480_000);

test("driven: stopped while it asks: withdrawn and cancelled; stopped while the tool runs: cancelled; denied: denied", async () => {
  await using rig = await createRig();
  await rig.start();
  await rig.conversation.prompt({ localId: "a", text: "run: touch never", attachments: [] });
  const open = await request(rig);
  await rig.record("tool-call");
  await rig.conversation.interrupt();
  expect(await certain(rig, open.id)).toMatchObject({ outcome: "canceled", reason: expect.stringContaining("Withdrawn") });
  expect((await rig.record("tool-result")).status).toBe("cancelled");
  await rig.record("turn-ended");
  let from = rig.mark();
  await rig.conversation.prompt({ localId: "b", text: "run: for i in 1 2 3; do sleep 3; done", attachments: [] });
  const second = await request(rig, from);
  await taken(rig, second.id, allow);
  await rig.conversation.interrupt();
  expect((await rig.record("tool-result", undefined, from)).status).toBe("cancelled");
  await rig.record("turn-ended", undefined, from);
  from = rig.mark();
  await rig.conversation.prompt({ localId: "c", text: "run: touch neither", attachments: [] });
  const third = await request(rig, from);
  await taken(rig, third.id, deny);
  expect((await rig.record("tool-result", undefined, from)).status).toBe("denied");
}, 480_000);
