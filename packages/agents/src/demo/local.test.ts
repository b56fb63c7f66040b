/** The demo agent in the terminal: what is typed there is told, and the thread goes on remotely and back. */
import { describe, expect, test } from "bun:test";
import { isExited, isRecord, openWorld } from "../contract/world.ts";
import { fixture, shows, terminal, type } from "./local.case.ts";

describe("the demo agent in the terminal", () => {
  test("what is said there is history, in order, with its origin", async () => {
    await using world = await openWorld(fixture);
    await world.start({ front: "local", cols: 100, rows: 30 });
    expect(world.conversation.front).toBe("local");
    await shows(world, "Demo agent");
    await type(world, "think: hm");
    await world.until(isRecord("turn-ended"));
    expect(world.records().map((record) => record.type)).toEqual([
      "user-message",
      "turn-started",
      "thought",
      "agent-message",
      "turn-ended",
    ]);
    expect(world.records()[0]).toMatchObject({ text: "think: hm", origin: "terminal" });
    expect(world.conversation.busy).toBe(false);
  }, 80_000);

  test("asks in the terminal, and by number it is allowed", async () => {
    await using world = await openWorld(fixture);
    await world.start({ front: "local" });
    await shows(world, "Demo agent");
    await type(world, "write a.txt: hello");
    await shows(world, "Which one?");
    expect(world.conversation.busy).toBe(true);
    await type(world, "1");
    await world.until(isRecord("turn-ended"));
    expect(world.records().find((record) => record.type === "tool-result")).toMatchObject({
      status: "completed",
      content: [{ type: "diff", newText: "hello" }],
    });
  }, 80_000);

  test("terminal, remote, terminal: one thread, nothing told twice, never two programs", async () => {
    await using world = await openWorld(fixture);
    await world.start({ front: "local" });
    const threadId = world.events.find((event) => event.type === "thread")?.threadId;
    await shows(world, "Demo agent");
    await type(world, "say: from the terminal");
    await world.until(isRecord("turn-ended"));
    await expect(world.start({ threadId })).rejects.toMatchObject({ code: "session_active" });
    await world.conversation.stop({ graceMs: 5_000 });
    expect(await world.until(isExited)).toMatchObject({ front: "local", expected: true });

    await world.start({ threadId });
    expect(world.conversation.front).toBe("remote");
    expect(await world.recall()).toContain("from the terminal");
    await world.conversation.stop({ graceMs: 5_000 });

    const told = world.records().length;
    await world.start({ front: "local", threadId });
    await shows(world, "recall");
    expect(world.records()).toHaveLength(told);
    await type(world, "recall");
    const end = world.events.length;
    await world.until(isRecord("turn-ended"), end);
    const last = world.records().findLast((record) => record.type === "agent-message");
    expect(last?.text).toContain("You have said 3 things");
    expect(new Set(world.keys()).size).toBe(world.keys().length);
  }, 120_000);

  test("a killed session process takes the terminal over again, with what was said meanwhile", async () => {
    await using world = await openWorld(fixture);
    await world.start({ front: "local" });
    await shows(world, "Demo agent");
    await type(world, "slow 30 50");
    await world.until(isRecord("turn-started"));
    await world.reopen();
    expect(await world.conversation.adopt()).toBe("local");
    expect(world.conversation.busy).toBe(true);
    const end = await world.until(isRecord("turn-ended"));
    expect(end.event.outcome).toBe("completed");
    expect(world.records().map((record) => record.type)).toEqual(["user-message", "turn-started", "agent-message", "turn-ended"]);
  }, 80_000);

  test("interrupting is its own key; leaving it by Ctrl-D is not expected", async () => {
    await using world = await openWorld(fixture);
    await world.start({ front: "local" });
    await shows(world, "Demo agent");
    await type(world, "slow 400 200");
    await shows(world, "chunk 1");
    await world.conversation.interrupt();
    expect((await world.until(isRecord("turn-ended"))).event.outcome).toBe("interrupted");
    await terminal(world).write("\x04");
    expect(await world.until(isExited)).toMatchObject({ front: "local", code: 0, expected: false });
    expect(world.conversation.front).toBeNull();
  }, 80_000);
});
