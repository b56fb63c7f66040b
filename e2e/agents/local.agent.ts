/** Claude in its own terminal, watched and answered from the web, through every process of HAPI. */
import { expect, test } from "bun:test";
import { createWorld, enter } from "./world.ts";

test("a turn typed in the terminal is on the web in order", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await terminal.until((screen) => screen.includes("❯"), { what: "Claude's prompt" });
  await enter(terminal, "run: echo hi-there");
  await session.tells("ended: completed");
  expect(session.told).toEqual(["typed: run: echo hi-there", "started", "calls: Bash", "result: completed", expect.stringContaining("says: Done"), "ended: completed"]);
}, 60_000);
