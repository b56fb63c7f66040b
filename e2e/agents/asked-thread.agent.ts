/** Claude's own `--resume` and `--continue`, said to hapi: the session that has the conversation is joined or woken; a branch is asked for by name. */
import { expect, test } from "bun:test";
import { atPrompt, enter, quit, shows } from "./tui.ts";
import { createWorld } from "./world.ts";

test("--resume of a conversation that has a session joins it, wakes it, and forks only with --fork-session", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "the first words");
  await session.tells("ended: completed");
  const thread = session.value.metadata?.claudeSessionId ?? "";
  expect(thread).toMatch(/^[0-9a-f-]{36}$/);
  const count = async (): Promise<number> => (await world.web.api.sessions.list()).length;

  const second = await world.terminal();
  await second.type(`clear; hapi --resume ${thread}\n`);
  await shows(second, "has this conversation and runs");
  await atPrompt(second);
  expect((await world.facts(session.id)).viewers.length).toBe(2);
  expect(await count()).toBe(1);
  await quit(second);
  await shows(second, `Continue this session with: hapi resume ${session.id.slice(0, 8)}`);

  await second.type("clear; hapi claude --new --continue\n");
  await shows(second, "has this conversation; continued");
  await shows(second, "the first words");
  await atPrompt(second);
  expect(await count()).toBe(1);
  await quit(second);

  await second.type(`clear; hapi claude --resume ${thread} --fork-session\n`);
  await atPrompt(second);
  const branch = await world.session([session.id]);
  expect(await count()).toBe(2);
  await enter(second, "words of the branch");
  await branch.tells("says: Echo: words of the branch");
  expect(branch.value.metadata?.claudeSessionId).not.toBe(thread);
  await quit(second);
}, 480_000);
