/** Starts that go wrong in ways no well-behaved agent shows. */
import { expect, test } from "bun:test";
import { scriptAgent } from "./scripted.case.ts";

test("an agent that ends before the host confirmed the write is one failure, told to who asked", async () => {
  const confirmed = Promise.withResolvers<void>();
  const agent = scriptAgent({}, { confirmed: confirmed.promise });
  const starting = agent.conversation.start({ front: "remote", args: [] }).catch((cause: unknown) => cause);
  await agent.sent("initialize");
  agent.end();
  await agent.event("exited");
  // A rejection that nobody hears ends a session process: it would show here.
  await new Promise((resolve) => setImmediate(resolve));
  confirmed.resolve();
  expect(await starting).toMatchObject({ code: "spawn_failed" });
});
