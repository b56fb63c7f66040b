/**
 * The contract of every driver, on the real thing behind it: one suite, run by each agent's tests with a small fixture.
 *
 *   runDriverContract({ name, driver, prepare: async (folder) => ({ env, cwd, dispose }) })
 *
 * The prompts are the directives of the scripted model server (testkit), which the demo agent understands too: a real agent passes by
 * pointing its environment at `startFakeModels()` and giving `recall` (read the server's log). What an agent can't do is named in `cannot`
 * with its reason and what shows it. The demo agent runs in `bun test`; real agents run it in their `test-real` suites.
 */
import { describe, expect, test } from "bun:test";
import { recoveryCases } from "./recovery.case.ts";
import { requestCases } from "./requests.case.ts";
import { codeOf, typesOf, type Cases } from "./cases.ts";
import { noteCell } from "./matrix.ts";
import { isExited, isRecord, isStream, openWorld, PROMPTS, type DriverFixture, type Lack } from "./world.ts";

export type { DriverFixture } from "./world.ts";

/** `parts`: an agent that is slow to start has a suite for each. */
export function runDriverContract(fixture: DriverFixture, parts: readonly ContractPart[] = ["turns", "requests", "recovery"]): void {
  const say = { ...PROMPTS, ...fixture.prompts };
  const limit = (fixture.timeoutMs ?? 10_000) * 4;
  const it: Cases["it"] = (name, run, needs) => {
    const lack = needs && fixture.cannot?.[needs];
    const hold = async (promise: () => Promise<void>): Promise<void> => {
      await promise();
      noteCell(fixture, name, lack?.reason);
    };
    if (lack) test(`not offered: ${name} (${lack.reason})`, () => hold(() => showLack(fixture, lack)), limit);
    else test(name, () => hold(run), limit);
  };
  const cases: Cases = { fixture, say, it };
  describe(`driver contract: ${fixture.name}`, () => {
    if (parts.includes("turns")) turnCases(cases);
    if (parts.includes("requests")) requestCases(cases);
    if (parts.includes("recovery")) recoveryCases(cases);
  });
}

type ContractPart = "turns" | "requests" | "recovery";

async function showLack(fixture: DriverFixture, lack: Lack): Promise<void> {
  await using world = await openWorld(fixture);
  await world.start();
  await lack.shows(world);
}

function turnCases({ fixture, say, it }: Cases): void {
  it("starts: a thread, remote, idle", async () => {
    await using world = await openWorld(fixture);
    expect(world.conversation.front).toBeNull();
    await world.start();
    expect(world.events.find((event) => event.type === "thread")).toMatchObject({ threadId: expect.any(String) });
    expect(world.conversation.front).toBe("remote");
    expect(world.conversation.busy).toBe(false);
  });

  it("a prompt: stages in order, the user's words, the answer, the end; streamed before it is recorded", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(say.say);
    expect(world.stages(localId)[0]).toBe("handed");
    const end = await world.untilEnd(localId);
    expect(end.outcome).toBe("completed");
    await world.until((event): event is Extract<typeof event, { type: "stage" }> => event.type === "stage" && event.stage === "done");
    expect(world.stages(localId)).toEqual(["handed", "in-transcript", "started", "done"]);

    const records = world.records();
    expect(typesOf(records).filter((type) => type !== "usage")).toEqual(["user-message", "turn-started", "agent-message", "turn-ended"]);
    expect(records[0]).toMatchObject({ type: "user-message", text: say.say, localId, origin: "remote" });
    const message = records.find((record) => record.type === "agent-message");
    expect(message?.text).toContain("quick brown fox");
    const firstDelta = world.events.findIndex(isStream);
    expect(firstDelta).toBeGreaterThan(-1);
    expect(firstDelta).toBeLessThan(world.events.findIndex(isRecord("agent-message")));
    expect(world.shown(message?.id ?? "")).toBe(message?.text ?? "-");
    expect(world.conversation.busy).toBe(false);
  });

  it(
    "thoughts are their own item",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      await world.untilEnd(await world.prompt(say.think));
      const types = typesOf(world.records());
      expect(types.indexOf("thought")).toBeGreaterThan(types.indexOf("turn-started"));
      expect(types.indexOf("thought")).toBeLessThan(types.indexOf("agent-message"));
    },
    "thought",
  );

  it("streams while it works", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(say.slow);
    await world.until(isStream);
    expect(world.events.some(isRecord("turn-ended"))).toBe(false);
    expect(world.conversation.busy).toBe(true);
    const end = await world.untilEnd(localId);
    expect(end.outcome).toBe("completed");
  });

  it("a second prompt while a turn runs is not lost in the agent: refused, or done after", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const first = await world.prompt(say.slow, "first");
    const refused = await codeOf(world.prompt(say.say, "second"));
    await world.untilEnd(first);
    if (refused === "none") await world.untilEnd("second");
    else expect(refused).toBe("not_ready");
  });

  it("interrupt ends the turn and the next prompt works", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    const localId = await world.prompt(say.slower);
    await world.until(isStream);
    await world.conversation.interrupt();
    expect((await world.untilEnd(localId)).outcome).toBe("interrupted");
    expect(world.stages(localId).at(-1)).toBe("interrupted");
    expect((await world.untilEnd(await world.prompt(say.say))).outcome).toBe("completed");
  });

  it("a failed turn is typed, the session lives, retry continues with the prompt standing once", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    await world.untilEnd(await world.prompt("say: remember the word heliotrope"));
    const localId = await world.prompt(say.failOnce);
    const end = await world.untilEnd(localId);
    expect(end.outcome).toBe("failed");
    expect(end.failure).toMatchObject(fixture.failure ?? { code: "overloaded", retryable: true });
    expect(world.stages(localId).at(-1)).toBe("failed");
    expect(world.conversation.front).toBe("remote");

    const before = world.events.length;
    await world.conversation.retry();
    const again = await world.until(isRecord("turn-ended"), before);
    expect(again.event.outcome).toBe("completed");
    expect(world.records().filter((record) => record.type === "user-message" && record.text === say.failOnce)).toHaveLength(1);
    const known = await world.recall();
    expect(known).toContain("heliotrope");
    expect(known.split(say.failOnce)).toHaveLength(2);
    expect(await codeOf(world.conversation.retry())).toBe("retry_unavailable");
  });

  it("permission mode: unknown refused, a mode that never asks does not ask", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    expect(await codeOf(world.conversation.setPermissionMode("no-such-mode"))).toBe("invalid_mode");
    const modes = fixture.driver.capabilities.permissionModes;
    const free = modes.includes("yolo") ? "yolo" : "bypassPermissions";
    await world.conversation.setPermissionMode(free);
    expect(world.events.findLast((event) => event.type === "mode")).toMatchObject({ mode: free });
    await world.untilEnd(await world.prompt(say.write));
    expect(world.events.some((event) => event.type === "request")).toBe(false);
    expect(world.records().find((record) => record.type === "tool-result")).toMatchObject({ status: "completed" });
  });

  it(
    "model: listed, switched, confirmed",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      const models = await world.conversation.listModels();
      const other = models.at(-1)?.id ?? "";
      expect(models.length).toBeGreaterThan(1);
      await world.conversation.setModel(other);
      expect(world.events.findLast((event) => event.type === "model")).toMatchObject({ model: other });
      expect((await world.untilEnd(await world.prompt(say.say))).outcome).toBe("completed");
    },
    "model",
  );

  it(
    "effort: listed with its model, in force from the next turn on, also after a resume; another word is refused",
    async () => {
      await using world = await openWorld(fixture);
      await world.start();
      const models = await world.conversation.listModels();
      const model = models.find(({ efforts }) => (efforts?.length ?? 0) > 1);
      const [one = "", more = ""] = model?.efforts ?? [];
      expect(one).not.toBe(more);
      await world.conversation.setModel(model?.id ?? "");
      for (const effort of [more, one]) {
        await world.conversation.setEffort(effort);
        expect(world.events.findLast((event) => event.type === "effort")).toMatchObject({ effort });
        expect((await world.untilEnd(await world.prompt(say.say))).outcome).toBe("completed");
        expect(fixture.effort?.() ?? effort).toBe(effort);
      }
      expect(await codeOf(world.conversation.setEffort("no-such-effort"))).toBe("apply_failed");
      await world.conversation.stop({ graceMs: 5_000 });
      await world.until(isExited);
      const thread = world.events.find((event) => event.type === "thread")?.threadId;
      await world.start({ threadId: thread, model: model?.id ?? "", effort: more });
      expect((await world.untilEnd(await world.prompt(say.say))).outcome).toBe("completed");
      expect(fixture.effort?.() ?? more).toBe(more);
    },
    "effort",
  );

  it("stop and resume: the same thread, its memory, nothing told twice", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    await world.untilEnd(await world.prompt("say: remember the word heliotrope"));
    const thread = world.events.find((event) => event.type === "thread")?.threadId;
    const told = world.records().length;
    await world.conversation.stop({ graceMs: 5_000 });
    expect((await world.until(isExited)).expected).toBe(true);
    expect(world.conversation.front).toBeNull();

    await world.start({ threadId: thread });
    expect(world.records()).toHaveLength(told);
    expect(world.events.findLast((event) => event.type === "thread")).toMatchObject({ threadId: thread });
    expect(await world.recall()).toContain("heliotrope");
  });

  it("a thread that is not there is an error, never a fresh start, and leaves nothing running", async () => {
    await using world = await openWorld(fixture);
    const code = await codeOf(world.start({ threadId: "00000000-0000-4000-8000-000000000000" }));
    expect(["resume_failed", "resume_unavailable"]).toContain(code);
    await Promise.all(world.host.processes().map((process) => process.exited));
    expect(world.conversation.front).toBeNull();
  });

  it("never two agents on one conversation", async () => {
    await using world = await openWorld(fixture);
    await world.start();
    expect(await codeOf(world.start())).toBe("session_active");
    await world.reopen();
    expect(await codeOf(world.start())).toBe("session_active");
  });
}
