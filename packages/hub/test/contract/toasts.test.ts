/** Toasts: what came up, told once, to who is looking. */
import { expect, test } from "bun:test";
import { withHub } from "./setup.ts";

const rig = withHub();
const request = { tool: "Bash", arguments: { command: "ls" }, title: "Run ls" };
const ready = (outcome: string) => ({
  role: "agent",
  content: { type: "event", id: crypto.randomUUID(), data: { type: "ready", outcome } },
});

test("event toast: a request that waits is told once to visible readers, without an id, and never replayed", async () => {
  const client = await rig.client();
  await using looking = await client.sse("all=true&visibility=visible");
  await using hidden = await client.sse();
  const { id, socket } = await client.session({ metadata: { name: "Shop" } });
  const requests = { r1: { ...request, createdAt: Date.now() } };
  await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: { requests } });
  const frame = await looking.find(({ event }) => event.type === "toast");
  expect(frame.id).toBeUndefined();
  expect(frame.event["data"]).toEqual({
    title: "Shop",
    body: "Run ls waits for you",
    sessionId: id,
    url: `/sessions/${id}`,
    about: { kind: "request", tool: "Bash", count: 1, said: "Run ls" },
  });
  // The same request in a later state is not told again; the end of the turn is the next toast.
  await socket.emitWithAck("update-state", { sid: id, expectedVersion: 2, agentState: { controlledByUser: false, requests } });
  socket.emit("message", { sid: id, message: ready("completed") });
  await looking.find(({ event }) => event.type === "toast" && (event["data"] as { body: string }).body === "Done");
  expect(looking.of("toast")).toHaveLength(2);
  expect(hidden.of("toast")).toEqual([]);
});

test("a turn that the person interrupted is no news, a failed one is", async () => {
  const client = await rig.client();
  await using looking = await client.sse("all=true&visibility=visible");
  const { id, socket } = await client.session();
  socket.emit("message", { sid: id, message: ready("interrupted") });
  socket.emit("message", { sid: id, message: ready("failed") });
  const frame = await looking.find(({ event }) => event.type === "toast");
  expect((frame.event["data"] as { body: string }).body).toStartWith("Failed:");
});

test("the end of a sub-agent's turn is no end of the session's; an end that another client tells in its agent's own words is", async () => {
  const client = await rig.client();
  await using looking = await client.sse("all=true&visibility=visible");
  const { id, socket } = await client.session();
  const subAgent = { type: "event", id: crypto.randomUUID(), data: { type: "ready", outcome: "completed", parent: "call-1" } };
  socket.emit("message", { sid: id, message: { role: "agent", content: subAgent } });
  const failed = { type: "result", subtype: "success", is_error: true, result: "no more credit" };
  socket.emit("message", { sid: id, message: { role: "agent", content: { type: "output", data: failed } } });
  await looking.find(({ event }) => event.type === "toast");
  const bodies = looking.of("toast").map(({ event }) => (event["data"] as { body: string }).body);
  expect(bodies).toEqual(["Failed: no more credit"]);
});

test("what was answered at once is not told; what came up shortly after one another is told together", async () => {
  const client = await rig.client();
  await using looking = await client.sse("all=true&visibility=visible");
  const { id, socket } = await client.session({ metadata: { name: "Shop" } });
  const open = { ...request, createdAt: Date.now() };
  const state = (expectedVersion: number, requests: Record<string, unknown>) =>
    socket.emitWithAck("update-state", { sid: id, expectedVersion, agentState: { requests } });
  await state(1, { r1: open });
  await state(2, {});
  await state(3, { r2: open });
  await state(4, { r2: open, r3: open });
  const frame = await looking.find(({ event }) => event.type === "toast");
  expect((frame.event["data"] as { body: string }).body).toBe("2 requests wait for you");
});
