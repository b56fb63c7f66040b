/** An answer is bound to what was shown, not only to an id. */
import { expect, test } from "bun:test";
import { createWorld, run } from "./world.ts";
import type { AgentStateRequest } from "@hapi/protocol";

type World = Awaited<ReturnType<typeof createWorld>>;

const END = "; rm -rf ~";
const HUGE = `echo ${"a".repeat(60_000)}${END}${"b".repeat(60_000)}`;

async function asked(world: World, id: string, input: unknown): Promise<AgentStateRequest> {
  const before = world.hub.agentState?.requests?.[id]?.digest;
  world.agent.ask({ id, input });
  await world.hub.until(() => ![undefined, before].includes(world.hub.agentState?.requests?.[id]?.digest), `${id} at the hub`);
  return world.hub.agentState?.requests?.[id] as AgentStateRequest;
}

const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (cause: { code?: unknown }) => cause.code ?? cause,
  );

test("an approval of something else than what waits is refused, and answers nothing; the right one is taken", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  const shown = await asked(world, "r1", { command: "ls" });
  const approve = (digest?: string): Promise<unknown> => refusal(world.hub.rpc("permission", { id: "r1", approved: true, digest }));
  expect(shown.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(shown.shortened).toBeUndefined();
  expect(await approve("0".repeat(64))).toBe("request_changed");
  expect(world.agent.answers).toEqual([]);
  expect(world.hub.agentState?.requests?.["r1"]?.sent).toBeUndefined();
  expect(await approve(shown.digest)).toEqual({ status: "applied" });
  expect(world.agent.answers).toEqual([{ id: "r1", answer: expect.objectContaining({ behavior: "allow" }) }]);
});

test("another call under the same id is another request: an answer that was on its way to the first does not run the second", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  const first = await asked(world, "r1", { command: "ls" });
  const second = await asked(world, "r1", { command: "rm -rf /" });
  expect(second.arguments).toEqual({ command: "rm -rf /" });
  expect(await refusal(world.hub.rpc("permission", { id: "r1", approved: true, digest: first.digest }))).toBe("request_changed");
  expect(world.agent.answers).toEqual([]);
  expect(await world.hub.rpc<unknown>("permission", { id: "r1", approved: true, digest: second.digest })).toEqual({ status: "applied" });
});

test("what was shown cut can't be allowed plainly, nor with the digest of the cut text; with that of the whole it can; denied it can be at once", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  const shown = await asked(world, "r1", { command: HUGE });
  expect(JSON.stringify(shown.arguments)).not.toContain(END);
  expect(shown.shortened).toBe(true);
  const approve = (digest?: string): Promise<unknown> => refusal(world.hub.rpc("permission", { id: "r1", approved: true, digest }));
  expect(await approve()).toBe("request_shortened");
  expect(await approve(shown.digest)).toBe("request_shortened");
  expect(await refusal(world.hub.rpc("permission", { id: "r1", approved: true, updatedInput: { command: "ls" } }))).toBe(
    "request_shortened",
  );
  expect(world.agent.answers).toEqual([]);
  const whole = await world.hub.rpc<{ arguments: unknown; digest: string }>("whole-request", { id: "r1" });
  expect(whole.arguments).toEqual({ command: HUGE });
  expect(await refusal(world.hub.rpc("whole-request", { id: "r2" }))).toBe("request_not_found");
  expect(await approve(whole.digest)).toEqual({ status: "applied" });
  await asked(world, "r3", { command: HUGE });
  expect(await world.hub.rpc<unknown>("permission", { id: "r3", approved: false, digest: "stale" })).toEqual({ status: "applied" });
});

test("whoever changes the arguments and allows them: the record says what was asked and what was allowed", async () => {
  await using world = await createWorld();
  await run(world, "p1", "do it");
  const shown = await asked(world, "r1", { command: "rm -rf build" });
  await world.hub.rpc("permission", { id: "r1", approved: true, digest: shown.digest, updatedInput: { command: "ls build" } });
  world.agent.goOn("r1", "approved");
  await world.hub.until(() => world.hub.agentState?.completedRequests?.["r1"] !== undefined, "closed");
  const done = world.hub.agentState?.completedRequests?.["r1"];
  expect(done).toMatchObject({
    arguments: { command: "rm -rf build" },
    digest: shown.digest,
    allowed: { arguments: { command: "ls build" } },
  });
  expect(done?.allowed?.digest).not.toBe(shown.digest);
});
