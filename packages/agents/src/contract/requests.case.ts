/** Contract: what the agent asks, and what answers mean. Part of driver.case.ts. */
import { expect } from "bun:test";
import type { Cases } from "./cases.ts";
import { isClosed, isRecord, isStream, openWorld } from "./world.ts";

export function requestCases({ fixture, say, it }: Cases): void {
  it("allow: asked with the input, closed as approved, done", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(say.write);
    const request = await world.request();
    expect(request).toMatchObject({ kind: "permission", tool: expect.any(String) });
    expect(JSON.stringify(request.input)).toContain("a.txt");
    expect(world.events.some(isRecord("tool-result"))).toBe(false);
    await world.answer(request, { behavior: "allow" });
    expect(await world.until(isClosed)).toMatchObject({ id: request.id, outcome: "approved" });
    expect((await world.untilEnd(localId)).outcome).toBe("completed");
    const call = world.records().find((record) => record.type === "tool-call");
    const result = world.records().find((record) => record.type === "tool-result");
    expect(call).toMatchObject({ kind: "edit" });
    expect(result).toMatchObject({ callId: call?.id, status: "completed" });
    expect(await world.conversation.answer(request.id, { behavior: "deny" })).toBe("gone");
  });

  it("deny: nothing is changed, the turn goes on, the reason arrives", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(say.write);
    const request = await world.request();
    await world.answer(request, { behavior: "deny", reason: "not on a Sunday" });
    expect(await world.until(isClosed)).toMatchObject({ id: request.id, outcome: "denied" });
    await world.untilEnd(localId);
    expect(world.records().find((record) => record.type === "tool-result")).toMatchObject({ status: "denied" });
  });

  it("deny with interrupt ends the turn", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(`${say.write}\n${say.slower}`);
    await world.answer(await world.request(), { behavior: "deny", interrupt: true });
    expect((await world.untilEnd(localId)).outcome).toBe("interrupted");
  });

  it(
    "for this session: says what that covers, and does not ask again",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      const localId = await world.prompt(say.write);
      const request = await world.request();
      expect(request.sessionScope).toBeTruthy();
      await world.answer(request, { behavior: "allow", forSession: true });
      await world.untilEnd(localId);
      const before = world.events.length;
      expect((await world.untilEnd(await world.prompt(say.writeAgain))).outcome).toBe("completed");
      expect(world.events.slice(before).some((event) => event.type === "request")).toBe(false);
    },
    "forSession",
  );

  it("interrupt while it asks: the request is canceled", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(say.write);
    const request = await world.request();
    await world.conversation.interrupt();
    expect(await world.until(isClosed)).toMatchObject({ id: request.id, outcome: "canceled" });
    expect((await world.untilEnd(localId)).outcome).toBe("interrupted");
    expect(world.records().filter((record) => record.type === "tool-result" && record.status === "completed")).toHaveLength(0);
  });

  it(
    "a question is asked as a question and the answer arrives",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      const localId = await world.prompt(say.ask);
      const request = await world.request();
      expect(request.kind).toBe("question");
      expect(JSON.stringify(request.input)).toContain("Which colour?");
      await world.answer(request, { behavior: "allow", answers: { "Which colour?": ["Blue"], "0": ["Blue"] } });
      await world.untilEnd(localId);
      const said = world
        .records()
        .flatMap((record) => (record.type === "agent-message" ? [record.text] : record.type === "tool-result" ? [record.output] : []));
      expect(said.join("\n")).toContain("Blue");
    },
    "question",
  );

  it(
    "a plan is approved as a plan",
    async () => {
      await using world = await openWorld(fixture);
      await world.start(fixture.driver.capabilities.permissionModes.includes("plan") ? { permissionMode: "plan" } : {});
      const localId = await world.prompt(say.plan);
      let request = await world.request();
      for (let after = 0; request.kind !== "plan";) {
        after = world.events.length;
        await world.answer(request, { behavior: "allow" });
        request = await world.request(after);
      }
      expect(JSON.stringify(request.input)).toContain("First this");
      await world.answer(request, { behavior: "allow" });
      expect((await world.untilEnd(localId)).outcome).toBe("completed");
    },
    "plan",
  );

  it(
    "a to-do list is a plan with three entries",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      await world.untilEnd(await world.prompt(say.todo));
      const plan = world.records().find((record) => record.type === "plan");
      expect(plan?.entries.map(({ content, status }) => [content, status])).toEqual([
        ["one", "completed"],
        ["two", "in_progress"],
        ["three", "pending"],
      ]);
    },
    "todo",
  );

  it("streamed text has offsets that fit together", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    await world.untilEnd(await world.prompt(say.slow));
    const deltas = world.events.filter(isStream).filter((event) => event.delta.kind === "text");
    const messages = world.records().filter((record) => record.type === "agent-message");
    for (const message of messages) expect(world.shown(message.id)).toBe(message.text);
    expect(deltas.length).toBeGreaterThan(3);
  });
}
