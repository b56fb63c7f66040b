/** What the demo agent asks in the terminal is asked everywhere, and the first answer ends it: in the terminal, or elsewhere. */
import { describe, expect, test } from "bun:test";
import type { AgentRequest } from "../driver.ts";
import { isClosed, isExited, isRecord, openWorld, type World } from "../contract/world.ts";
import { fixture, shows, terminal, type } from "./local.case.ts";

/** Types a line and waits for what it makes the agent ask. */
async function asked(world: World, line: string): Promise<AgentRequest> {
  await world.start({ front: "local", cols: 100, rows: 30 });
  await shows(world, "Demo agent");
  await type(world, line);
  const request = await world.request();
  await shows(world, /^ask: [^|]+$/.test(line) ? "Your answer?" : "Which one?");
  return request;
}

const rows = (world: World) => world.records().map((record) => record.type);
const closings = (world: World) => world.events.filter(isClosed).map(({ outcome, by }) => `${outcome} ${by}`);
const result = (world: World) => world.records().find((record) => record.type === "tool-result");

describe("asked in the terminal", () => {
  test("allowed elsewhere: the dialog closes, says what was answered, and the agent goes on", async () => {
    await using world = await openWorld(fixture);
    const request = await asked(world, "run: echo x");
    expect(request).toMatchObject({ kind: "permission", tool: "run", input: { command: "echo x" }, sessionScope: expect.any(String) });
    // A person is asked: the agent applies its modes itself.
    expect(request.policyKind).toBeUndefined();
    // Half an answer, which is no prompt.
    await terminal(world).write("12");
    await shows(world, "12");
    await world.answer(request, { behavior: "allow" });
    await shows(world, "Answered elsewhere: Allow\u001b");
    await world.until(isRecord("turn-ended"));
    expect(closings(world)).toEqual(["approved remote"]);
    expect(rows(world)).toEqual(["user-message", "turn-started", "tool-call", "tool-result", "agent-message", "turn-ended"]);
    expect(result(world)).toMatchObject({ callId: request.toolCallId ?? "", status: "completed" });
    // The keyboard is the chat's again.
    await type(world, "say: and on");
    await shows(world, "\nand on");
  }, 80_000);

  test("allowed elsewhere for the session: it does not ask again", async () => {
    await using world = await openWorld(fixture);
    const request = await asked(world, "run: echo x");
    await world.answer(request, { behavior: "allow", forSession: true });
    await world.until(isRecord("turn-ended"));
    const end = world.events.length;
    await type(world, "run: echo y");
    await world.until(isRecord("turn-ended"), end);
    expect(world.events.filter((event) => event.type === "request")).toHaveLength(1);
  }, 80_000);

  test("denied elsewhere, with the reason", async () => {
    await using world = await openWorld(fixture);
    const request = await asked(world, "write a.txt: hello");
    await world.answer(request, { behavior: "deny", reason: "not that file" });
    await world.until(isRecord("turn-ended"));
    expect(world.events.find(isClosed)).toMatchObject({ outcome: "denied", by: "remote", reason: "not that file" });
    expect(result(world)).toMatchObject({ status: "denied", output: "You said no: not that file" });
  }, 80_000);

  test.each([
    ["1", "approved terminal", "completed"],
    ["3", "denied terminal", "denied"],
  ])(
    "answered there with %s: %s, and who answers later hears that nobody asks any more",
    async (key, closing, status) => {
      await using world = await openWorld(fixture);
      const request = await asked(world, "run: echo x");
      await type(world, key);
      await world.until(isRecord("turn-ended"));
      expect(closings(world)).toEqual([closing]);
      expect(result(world)).toMatchObject({ status });
      expect(await world.conversation.answer(request.id, { behavior: "allow" })).toBe("gone");
    },
    80_000,
  );

  test("both at once: one answer is taken, and told as the one it was", async () => {
    await using world = await openWorld(fixture);
    const request = await asked(world, "run: echo x");
    const [told] = await Promise.all([world.conversation.answer(request.id, { behavior: "deny" }), type(world, "1")]);
    await world.until(isClosed);
    const isOurs = closings(world)[0] === "denied remote";
    expect([isOurs, ...closings(world)]).toEqual([isOurs, isOurs ? "denied remote" : "approved terminal"]);
    // On a busy computer it may not know yet.
    expect([isOurs ? "applied" : "gone", "sent"]).toContain(told);
    await world.until(isRecord("turn-ended"));
    expect(result(world)?.status).toBe(isOurs ? "denied" : "completed");
  }, 80_000);

  test("a question is a question, with its options and what was picked", async () => {
    await using world = await openWorld(fixture);
    const request = await asked(world, "ask: Which colour? | red | blue");
    await shows(world, "Which colour?");
    expect(request).toMatchObject({ kind: "question", title: "Which colour?" });
    await world.answer(request, { behavior: "allow", answers: { answer: ["blue"] } });
    await shows(world, "Answered elsewhere: blue");
    await world.until(isRecord("turn-ended"));
    expect(result(world)).toMatchObject({ callId: request.id, status: "completed", output: "Which colour?: blue" });
    expect(world.records().find((record) => record.type === "agent-message")?.text).toContain("You picked **blue**");
  }, 80_000);

  test("a question without options takes the words that are typed", async () => {
    await using world = await openWorld(fixture);
    await asked(world, "ask: Your name?");
    await type(world, "Ada");
    await world.until(isRecord("turn-ended"));
    expect(closings(world)).toEqual(["approved terminal"]);
    expect(result(world)).toMatchObject({ output: "Your name?: Ada" });
  }, 80_000);

  test("a plan is approved elsewhere, with a mode that the dialog does not offer", async () => {
    await using world = await openWorld(fixture);
    const request = await asked(world, "plan: first this");
    expect(request).toMatchObject({ kind: "plan", input: { plan: "first this" } });
    await world.answer(request, { behavior: "allow", mode: "yolo" });
    await world.until(isRecord("turn-ended"));
    expect(world.events.findLast((event) => event.type === "mode")).toMatchObject({ mode: "yolo" });
  }, 80_000);

  test("stopped by its key: it is withdrawn, and the next line is a prompt", async () => {
    await using world = await openWorld(fixture);
    await asked(world, "run: echo x");
    await world.conversation.interrupt();
    expect((await world.until(isRecord("turn-ended"))).event.outcome).toBe("interrupted");
    expect(closings(world)).toEqual(["canceled agent"]);
    await type(world, "say: and on");
    await shows(world, "\nand on");
  }, 80_000);

  test.each(["SIGKILL", "SIGTERM"] as const)(
    "the program ends by %s: nobody is asked any more",
    async (signal) => {
      await using world = await openWorld(fixture);
      const request = await asked(world, "write a.txt: hello");
      await terminal(world).signal(signal);
      await world.until(isExited);
      expect(closings(world)).toEqual(["canceled agent"]);
      expect(result(world)).toMatchObject({ status: "cancelled" });
      expect(world.records().at(-1)).toMatchObject({ type: "turn-ended", outcome: "interrupted" });
      expect(await world.conversation.answer(request.id, { behavior: "allow" })).toBe("gone");
    },
    80_000,
  );

  test("a killed session process asks again under the same id, and its answer is taken", async () => {
    await using world = await openWorld(fixture);
    const request = await asked(world, "run: echo x");
    await world.reopen();
    const before = world.events.length;
    expect(await world.conversation.adopt()).toBe("local");
    expect(await world.request(before)).toEqual(request);
    await world.answer(request, { behavior: "deny" });
    await world.until(isRecord("turn-ended"));
    expect(closings(world)).toEqual(["denied remote"]);
    expect(result(world)).toMatchObject({ status: "denied" });
    expect(rows(world)).toEqual(["user-message", "turn-started", "tool-call", "tool-result", "agent-message", "turn-ended"]);
  }, 80_000);

  test("answered in the terminal while there was no session process: told when there is one", async () => {
    await using world = await openWorld(fixture);
    const request = await asked(world, "run: echo x");
    await world.reopen();
    await type(world, "1");
    await shows(world, "Done.");
    expect(await world.conversation.adopt()).toBe("local");
    await world.until(isRecord("turn-ended"));
    expect(closings(world)).toEqual(["approved terminal"]);
    expect(await world.conversation.answer(request.id, { behavior: "deny" })).toBe("gone");
  }, 80_000);
});
