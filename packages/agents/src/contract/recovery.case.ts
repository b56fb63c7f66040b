/** Contract: what a killed session process, a killed agent and a repeated question may not change. Part of driver.case.ts. */
import { expect } from "bun:test";
import { codeOf, typesOf, type Cases } from "./cases.ts";
import type { HostProcess } from "@hapi/host";
import { isClosed, isExited, isRecord, isStream, openWorld, type DriverFixture, type World } from "./world.ts";

/** Every record that has the same key is the same event: what the hub drops as a repetition is one. */
function expectStableKeys(world: World): void {
  const first = new Map<string, unknown>();
  for (const event of world.events) {
    if (event.type !== "record") continue;
    const { type, id } = event.event;
    expect(first.get(event.key) ?? { type, id }).toEqual({ type, id });
    first.set(event.key, { type, id });
  }
}

/** Until the agent has said everything: its next answer to a fresh reader shows it. */
async function saidAll({ saidAll: sign = "stopReason" }: DriverFixture, world: World, process: HostProcess | undefined): Promise<void> {
  if (typeof sign === "function") return sign(world);
  for await (const chunk of process?.read("out", 0) ?? []) if (Buffer.from(chunk.bytes).toString("utf8").includes(sign)) return;
}

export function recoveryCases({ fixture, say, it }: Cases): void {
  it("adopts in the middle of a turn: it goes on, complete, nothing twice", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(say.slow);
    await world.until(isStream);
    await world.reopen();
    expect(await world.conversation.adopt()).toBe("remote");
    expect((await world.untilEnd(localId)).outcome).toBe("completed");
    expectStableKeys(world);
    const records = world.records();
    expect(typesOf(records).filter((type) => type !== "usage")).toEqual(["user-message", "turn-started", "agent-message", "turn-ended"]);
    const message = records.find((record) => record.type === "agent-message");
    expect(message?.text.match(/chunk \d+ ?/g)).toHaveLength(40);
    expect(world.shown(message?.id ?? "")).toBe(message?.text ?? "-");
    expect((await world.untilEnd(await world.prompt(say.say))).outcome).toBe("completed");
  });

  it("adopts in the middle of a permission: the same request, still answerable", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(say.write);
    const request = await world.request();
    await world.reopen();
    const before = world.events.length;
    expect(await world.conversation.adopt()).toBe("remote");
    const again = await world.request(before);
    expect(again).toEqual(request);
    await world.answer(again, { behavior: "allow" });
    expect((await world.untilEnd(localId)).outcome).toBe("completed");
    expectStableKeys(world);
    expect(world.records().filter((record) => record.type === "tool-call")).toHaveLength(1);
    expect(world.records().filter((record) => record.type === "tool-result")).toHaveLength(1);
  });

  it("an answer given before the crash is not asked for again", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(`${say.write}\n${say.slow}`);
    const request = await world.request();
    await world.answer(request, { behavior: "allow" });
    await world.until(isStream);
    const before = world.events.length;
    await world.reopen();
    expect(await world.conversation.adopt()).toBe("remote");
    expect((await world.untilEnd(localId)).outcome).toBe("completed");
    expect(world.events.slice(before).filter((event) => event.type === "request")).toHaveLength(0);
    expectStableKeys(world);
  });

  for (const cut of [1, 3, 6, 10, 15])
    it(`a crash at any point of a turn tells the same story: after ${cut} ${cut === 1 ? "event" : "events"}`, async () => {
      await using world = await openWorld(fixture);
      await world.start();
      const localId = await world.prompt([say.think, say.write, ...(fixture.cannot?.todo ? [] : [say.todo])].join("\n"));
      const seen = world.events.length;
      await world.until(
        (event): event is typeof event => event.type === "request" || (event.type !== "thread" && world.events.length >= seen + cut),
      );
      await world.reopen();
      const after = world.events.length;
      expect(await world.conversation.adopt()).toBe("remote");
      const open = await world.request(after);
      await world.answer(open, { behavior: "allow" });
      expect((await world.untilEnd(localId)).outcome).toBe("completed");
      expectStableKeys(world);
      const types = typesOf(world.records()).filter((type) => type !== "usage");
      expect(types.filter((type) => type === "user-message" || type === "turn-started" || type === "turn-ended")).toEqual([
        "user-message",
        "turn-started",
        "turn-ended",
      ]);
      expect(types.filter((type) => type === "tool-call" || type === "tool-result").slice(0, 2)).toEqual(["tool-call", "tool-result"]);
    });

  it(
    "what the agent did while nobody listened is told afterwards",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      const localId = await world.prompt(say.slow);
      await world.until(isStream);
      const process = world.host.processes()[0];
      await world.reopen();
      await saidAll(fixture, world, process);
      expect(await world.conversation.adopt()).toBe("remote");
      expect((await world.untilEnd(localId)).outcome).toBe("completed");
      expect(world.stages(localId).filter((stage) => stage === "done").length).toBeGreaterThan(0);
    },
    "kill",
  );

  it("nothing to adopt is null", async () => {
    await using world = await openWorld(fixture);
    expect(await world.conversation.adopt()).toBeNull();
    await world.start();
    await world.conversation.stop({ graceMs: 5_000 });
    await world.reopen();
    expect(await world.conversation.adopt()).toBeNull();
    expect(world.conversation.front).toBeNull();
  });

  it(
    "the agent is killed: the turn is interrupted, the request withdrawn, resume and retry go on",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      const thread = world.events.find((event) => event.type === "thread")?.threadId;
      const localId = await world.prompt(say.write);
      const request = await world.request();
      await world.host.processes()[0]?.signal("SIGKILL");
      // From its first word on the end on, who waits for the rest finds nothing running any more.
      expect((await world.untilEnd(localId)).outcome).toBe("interrupted");
      await world.conversation.settled();
      expect(world.conversation).toMatchObject({ busy: false, front: null });
      const exit = await world.until(isExited);
      expect(exit).toMatchObject({ expected: false, failure: { code: "agent_exited" } });
      expect(await world.until(isClosed)).toMatchObject({ id: request.id, outcome: "canceled", by: "agent" });

      await world.start({ threadId: thread });
      const before = world.events.length;
      await world.conversation.retry();
      if (!fixture.goesOn) await world.answer(await world.request(before), { behavior: "allow" });
      else
        void world.request(before).then(
          (again) => world.answer(again, { behavior: "allow" }),
          () => undefined,
        );
      const end = await world.until(isRecord("turn-ended"), before);
      expect(end.event.outcome).toBe("completed");
      expect((await world.recall()).split(say.write)).toHaveLength(2);
    },
    "kill",
  );

  it(
    "the agent is killed while nobody listens: adopting says so",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      const localId = await world.prompt(say.slower);
      await world.until(isStream);
      await world.reopen();
      const process = world.host.processes()[0];
      await process?.signal("SIGKILL");
      await process?.exited;
      expect(await world.conversation.adopt()).toBeNull();
      expect((await world.untilEnd(localId)).outcome).toBe("interrupted");
      expectStableKeys(world);
    },
    "kill",
  );

  it("lookup and withdraw say what is known", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    expect(await world.conversation.lookup("never-handed")).toBe("absent");
    expect(await world.conversation.withdraw("never-handed")).toBe("unknown");
    expect(await world.conversation.withdrawRetry()).toBe("none");
    await world.conversation.interrupt();
    const localId = await world.prompt(say.slow);
    await world.until(isStream);
    expect(await world.conversation.lookup(localId)).toBe("present");
    expect(await world.conversation.withdraw(localId)).toBe("consumed");
    expect(await world.conversation.withdrawRetry()).toBe("consumed");
    await world.untilEnd(localId);
    await world.reopen();
    await world.conversation.adopt();
    expect(await world.conversation.lookup(localId)).toBe("present");
    expect(await codeOf(world.conversation.prompt({ localId, text: say.say, attachments: [] }))).not.toBe("none");
  });
}
