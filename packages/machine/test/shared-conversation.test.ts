/** A person may take up any conversation in the agent's own terminal, also one that another session of HAPI has. */
import { expect, test } from "bun:test";
import { dirname } from "node:path";
import { createSession } from "../src/session/create-session.ts";
import { createWorld, type World } from "./world.ts";

const notices = (world: World): string[] =>
  world.hub.rows.flatMap((row) => JSON.stringify(row.content).match(/[^"]*two sessions on one conversation[^"]*/i) ?? []);

test("a conversation that another session has is told as such, once; one's own, and a branch that is to be made, are not", async () => {
  await using world = await createWorld({ threadId: "mine" });
  const home = dirname(dirname(world.dir));
  const common = { home, flavor: "fake", cwd: world.sessionFile.value.cwd, machineId: "machine-1", hubUrl: "http://127.0.0.1:1" };
  const other = { ...common, startedBy: "terminal" as const, startingMode: "remote" as const };
  createSession({ ...other, tag: "branch", threadId: "mine", fork: true });
  const { sessionId } = createSession({ ...other, tag: "theirs", threadId: "theirs" });
  world.agent.tell({ type: "thread", threadId: "mine" });
  world.agent.tell({ type: "thread", threadId: "theirs" });
  world.agent.tell({ type: "thread", threadId: "theirs" });
  await world.hub.until(() => notices(world).length > 0, "it is told");
  world.agent.tell({ type: "thread", threadId: "new" });
  await world.session.release();
  expect(notices(world)).toEqual([expect.stringContaining(sessionId.slice(0, 8))]);
  await world.start();
});
