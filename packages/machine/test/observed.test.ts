/** What is in force is shown; what was chosen is what the next start uses. The one never becomes the other by being seen. */
import { expect, test } from "bun:test";
import { createWorld, run, type World } from "./world.ts";

const next = async (world: World, text: string): Promise<unknown> => {
  world.agent.die({ code: 0 });
  await run(world, text, text);
  world.agent.finish();
  return world.agent.starts.at(-1);
};

test.each([
  ["chosen at the start", { permissionMode: "default", model: "large" }, { permissionMode: "default", model: "large" }],
  ["nothing chosen", {}, { permissionMode: undefined, model: undefined }],
])("a mode and a model that the agent was seen in are shown, and go no further (%s)", async (_, options, expected) => {
  await using world = await createWorld(options);
  world.agent.tell({ type: "mode", mode: "yolo" });
  world.agent.tell({ type: "model", model: "small" });
  await world.hub.until(() => JSON.stringify(world.hub.alives.at(-1)).includes("small"), "shown");
  expect(world.hub.alives.at(-1)).toMatchObject({ permissionMode: "yolo", model: "small" });
  expect(await world.hub.rpc<object>("list-models")).toMatchObject({ current: "small" });
  // Nor does a session process that comes after this one take it for a choice; it shows it still.
  await world.crash();
  await world.start();
  await world.hub.until(() => JSON.stringify(world.hub.alives.at(-1)).includes("small"), "shown again");
  expect(world.sessionFile.value).toMatchObject(expected.permissionMode ? expected : {});
  expect(world.hub.metadata?.preferredPermissionMode).toBe(expected.permissionMode);
  expect(world.hub.metadata?.preferredModel ?? undefined).toBe(expected.model);
  expect(await next(world, "p1")).toMatchObject(expected);
  // Begun anew, it is in what it was started with.
  await world.hub.until(() => !JSON.stringify(world.hub.alives.at(-1)).includes("small"), "over");
  await world.relaunch();
  expect(await next(world, "p2")).toMatchObject(expected);
});

test("a mode that the agent went into decides what it may do now", async () => {
  await using world = await createWorld({ permissionMode: "default" });
  await run(world, "p1", "one");
  world.agent.tell({ type: "mode", mode: "yolo" });
  world.agent.ask({ id: "r1", policyKind: "command" } as never);
  await world.hub.until(() => world.agent.answers.length > 0, "answered by the mode in force");
  expect(world.agent.answers[0]?.answer.behavior).toBe("allow");
});

test("what a person said in the agent's own terminal is a choice, and so is the mode of an answer that was taken", async () => {
  await using world = await createWorld({ permissionMode: "default", model: "large" });
  world.agent.tell({ type: "model", model: "small", by: "person" });
  expect(await next(world, "p1")).toMatchObject({ permissionMode: "default", model: "small" });
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => Object.keys(world.hub.agentState?.requests ?? {}).length > 0, "asked");
  await world.hub.rpc("permission", { id: "r1", approved: true, mode: "yolo" });
  world.agent.goOn("r1", "approved");
  expect(await next(world, "p2")).toMatchObject({ permissionMode: "yolo", model: "small" });
});

test("an answer with a mode that came too late chooses nothing", async () => {
  await using world = await createWorld({ permissionMode: "default" });
  world.agent.ask({ id: "r1" });
  await world.hub.until(() => Object.keys(world.hub.agentState?.requests ?? {}).length > 0, "asked");
  await world.hub.rpc("permission", { id: "r1", approved: true, mode: "yolo" });
  world.agent.goOn("r1", "denied", "terminal");
  expect(await next(world, "p1")).toMatchObject({ permissionMode: "default" });
});

test("chosen at the hub while it was away: also what was seen in force before", async () => {
  await using world = await createWorld({ permissionMode: "default" });
  world.agent.tell({ type: "mode", mode: "yolo" });
  await world.hub.until(() => JSON.stringify(world.hub.alives.at(-1)).includes("yolo"), "shown");
  world.hub.choose({ permissionMode: "yolo", model: null });
  await world.relaunch();
  await world.hub.until(() => world.sessionFile.value.permissionMode === "yolo", "taken over");
  expect(await next(world, "p1")).toMatchObject({ permissionMode: "yolo" });
});

test("where it begins in another mode than it was seen in, that is said", async () => {
  await using world = await createWorld({ permissionMode: "default", startingMode: "local", viewers: true });
  world.agent.tell({ type: "mode", mode: "yolo" });
  world.hub.prompt("p1", "take over");
  await world.hub.until(() => world.agent.ran.length === 1, "it runs");
  expect(world.agent.starts.at(-1)).toMatchObject({ front: "remote", permissionMode: "default" });
  world.agent.tell({ type: "mode", mode: "default" });
  await world.hub.until(() => JSON.stringify(world.hub.rows).includes("was in the mode yolo"), "said");
  expect(JSON.stringify(world.hub.rows)).toContain("goes on in default");
});

test("who chose to plan first, and accepted the plan, does not begin with a plan again", async () => {
  await using world = await createWorld();
  world.sessionFile.update({ permissionMode: "plan" });
  world.agent.ask({ id: "r1", kind: "plan" });
  await world.hub.until(() => Object.keys(world.hub.agentState?.requests ?? {}).length > 0, "asked");
  world.agent.tell({ type: "mode", mode: "yolo" });
  world.agent.goOn("r1", "approved", "terminal");
  await world.hub.until(() => world.sessionFile.value.permissionMode !== "plan", "over");
  await world.hub.until(() => JSON.stringify(world.hub.alives.at(-1)).includes("yolo"), "in force");
  expect(await next(world, "p1")).toMatchObject({ permissionMode: "default" });
});

test("a mode and a model chosen while the agent starts are in force once it is there, and at every start after", async () => {
  await using world = await createWorld({ permissionMode: "default", model: "large" });
  await run(world, "p0", "zero");
  world.agent.finish();
  world.agent.die({ code: 0 });
  const held = Promise.withResolvers<void>();
  world.agent.beforeStart = held.promise;
  const prompt = run(world, "p1", "one");
  await world.hub.until(() => world.agent.starts.length === 2, "is being started");
  const chosen = world.hub.rpc("set-session-config", { permissionMode: "read-only", model: "small" });
  held.resolve();
  expect(await chosen).toEqual({ applied: { permissionMode: "read-only", model: "small" } });
  await prompt;
  // It was begun with what had been chosen before.
  expect(world.agent.starts.at(-1)).toMatchObject({ permissionMode: "default", model: "large" });
  expect(world.agent.settings).toEqual(["read-only", "small"]);
  expect(world.sessionFile.value).toMatchObject({ permissionMode: "read-only", model: "small" });
  expect(await next(world, "p2")).toMatchObject({ permissionMode: "read-only", model: "small" });
});
