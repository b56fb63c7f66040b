/** A Claude that has stopped reading while more than its pipe holds is being written to it: nothing that a person presses waits for it for ever. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@hapi/platform/lean";
import { createManualClock } from "@hapi/testkit";
import { isExited, openWorld, type World } from "../contract/world.ts";
import type { DriverEvent } from "../driver.ts";
import { ANSWER_MS } from "./control.ts";
import { createConversation } from "./conversation.ts";
import { claudeDriver } from "./driver.ts";

/** Answers the greeting and reads nothing after it, until a file says that it goes on: then it drops the prompt that is taken back behind it. */
const FROZEN = `#!/bin/sh
[ "$1" = --version ] && { echo '2.1.329 (Claude Code)'; exit 0; }
IFS= read -r line
id=$(printf '%s' "$line" | sed 's/.*"request_id":"\\([^"]*\\)".*/\\1/')
printf '{"type":"control_response","response":{"subtype":"success","request_id":"%s","response":{}}}\\n' "$id"
while [ ! -e "$HOME/thawed" ]; do sleep 0.05; done
IFS= read -r prompt
IFS= read -r line
uuid=$(printf '%s' "$line" | sed 's/.*"message_uuid":"\\([^"]*\\)".*/\\1/')
printf '{"type":"command_lifecycle","state":"cancelled","command_uuid":"%s"}\\n' "$uuid"
exec sleep 600
`;
/** More than any pipe, or pair of sockets in its place, takes in by itself (64 KB, some 200 KB). */
const MORE_THAN_A_PIPE = 1024 * 1024;

/** With a `clock` of its own it waits for answers as long as in use. */
async function frozenWorld(clock?: Clock): Promise<{ world: World; handing: Promise<unknown>; thaw(): void }> {
  let home = "";
  const world = await openWorld({
    name: "a frozen Claude Code",
    driver: { ...claudeDriver, open: (context) => createConversation(context, clock ? {} : { answerMs: 200 }) },
    async prepare(folder) {
      home = folder;
      const cwd = join(folder, "project");
      mkdirSync(cwd);
      const program = join(folder, "claude");
      writeFileSync(program, FROZEN, { mode: 0o755 });
      return { cwd, env: { PATH: process.env["PATH"] ?? "", HOME: folder, HAPI_CLAUDE_PATH: program } };
    },
    ...(clock ? { clock } : {}),
  });
  await world.start();
  const handing = world.prompt("x".repeat(MORE_THAN_A_PIPE), "big").catch((cause: unknown) => cause);
  expect(await Promise.race([handing.then(() => "handed"), new Promise((resolve) => setImmediate(resolve, "waits"))])).toBe("waits");
  return { world, handing, thaw: () => writeFileSync(join(home, "thawed"), "") };
}

test("ending the session ends it, and the prompt that was being written fails", async () => {
  const { world, handing } = await frozenWorld();
  await using _ = world;
  await world.conversation.stop({ graceMs: 0 });
  expect(await world.until(isExited)).toMatchObject({ expected: true, signal: "SIGTERM" });
  expect(await handing).toBeInstanceOf(Error);
  expect(world.stages("big")).toEqual([]);
}, 80_000);

test("Stop says that the agent does not answer; a prompt that is wanted back is not known to be anywhere", async () => {
  const { world } = await frozenWorld();
  await using _ = world;
  await expect(world.conversation.interrupt()).rejects.toMatchObject({ code: "timeout", message: expect.stringContaining("End session") });
  expect(await world.conversation.withdraw("big")).toBe("unknown");
  await expect(world.conversation.withdrawRetry()).rejects.toMatchObject({ code: "timeout" });
  expect(world.stages("big")).toEqual([]);
}, 80_000);

test("it is waited for by the clock of its session, and by no other", async () => {
  const clock = createManualClock();
  const { world } = await frozenWorld(clock);
  await using _ = world;
  let said: unknown;
  const stopped = world.conversation.interrupt().catch((cause: unknown) => (said = cause));
  await clock.advance(ANSWER_MS - 1);
  expect(said).toBeUndefined();
  await clock.advance(1);
  await stopped;
  expect(said).toMatchObject({ code: "timeout" });
}, 80_000);

test("what Stop asked of it happens when it reads again", async () => {
  const { world, thaw } = await frozenWorld();
  await using _ = world;
  await expect(world.conversation.interrupt()).rejects.toMatchObject({ code: "timeout" });
  thaw();
  await world.until((event): event is Extract<DriverEvent, { type: "stage" }> => event.type === "stage" && event.stage === "interrupted");
  expect(world.stages("big")).toEqual(["handed", "interrupted"]);
  // It has stopped reading again: a retry is with it all the same, and Stop must not wait for it either.
  await world.conversation.retry();
  await expect(world.conversation.withdrawRetry()).rejects.toMatchObject({ code: "timeout" });
  await world.conversation.stop({ graceMs: 0 });
}, 80_000);
