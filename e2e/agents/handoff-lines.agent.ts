/** What was typed in the terminal, and what runs there, when a message from elsewhere takes over: nothing of it is lost, and nothing waits for what is over. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

/** The person's own settings of Claude Code. */
function settings(world: World, value: Record<string, unknown>): void {
  mkdirSync(join(world.home, ".claude"), { recursive: true });
  writeFileSync(join(world.home, ".claude", "settings.json"), JSON.stringify(value));
}

const stopHook = (command: string): Record<string, unknown> => ({ hooks: { Stop: [{ hooks: [{ type: "command", command }] }] } });

test("a Stop hook of the person's own that takes four seconds: a message sent meanwhile waits for it and is not left waiting", async () => {
  await using world = await createWorld();
  settings(world, stopHook("sleep 4"));
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "run: echo from the desk");
  await session.tells(/says: Done/);
  const localId = await session.send("say: from the phone");
  await session.finished(localId);
  expect(session.told).toEqual([
    ...[
      "typed: run: echo from the desk",
      "started",
      "calls: Bash",
      "result: completed",
      expect.stringContaining("says: Done"),
      "ended: completed",
    ],
    ...["switch: remote", "sent: say: from the phone", "started", "says: from the phone", "ended: completed"],
  ]);
  await shows(terminal, BANNER);
}, 90_000);
