/** Agents that end at a moment in which no well-behaved one does. */
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

test("a write that fails because the agent ends is told as that end, with its code", async () => {
  const confirmed = Promise.withResolvers<void>();
  const agent = scriptAgent({}, { confirmed: confirmed.promise });
  const starting = agent.conversation.start({ front: "remote", args: [] }).catch((cause: unknown) => cause);
  await agent.sent("initialize");
  confirmed.reject(new Error("EPIPE"));
  agent.end();
  expect(await starting).toMatchObject({ code: "spawn_failed", message: expect.stringContaining("ended unexpectedly (code 0)") });
});

test("an agent that ends while a prompt's picture is still being read never gets the prompt, and nothing remembers that it had it", async () => {
  const agent = scriptAgent({ findPrompt: () => "absent" });
  await agent.begin({}, { agentCapabilities: { promptCapabilities: { image: true } } });
  const picture = { id: "a", filename: "a.png", mimeType: "image/png", size: 1, path: import.meta.path };
  const prompting = agent.conversation.prompt({ localId: "p1", text: "look", attachments: [picture] }).catch((cause: unknown) => cause);
  agent.end();
  expect(await prompting).toMatchObject({ code: "agent_away" });
  await agent.event("exited");
  expect(agent.written.filter(({ method }) => method === "session/prompt")).toEqual([]);
  expect(await agent.conversation.lookup("p1")).toBe("absent");
});
