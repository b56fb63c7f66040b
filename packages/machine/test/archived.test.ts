/** A session that a person had put away and that somebody continues at a terminal: where nobody could be asked first, it is said. */
import { expect, test } from "bun:test";
import { createWorld, type World } from "./world.ts";

const notices = (world: World): string[] =>
  world.hub.rows.flatMap((row) => JSON.stringify(row.content).match(/[^"]*was archived[^"]*/g) ?? []);

const archive = (world: World): unknown => Object.assign(world.hub.metadata ?? {}, { lifecycleState: "archived" });

test("continued at a terminal, an archived session says that it is back, once", async () => {
  await using world = await createWorld();
  archive(world);
  await world.relaunch();
  await world.hub.until(() => notices(world).length > 0, "it is said");
  // Another session process of the same start, and a row that was archived since, are no such start.
  archive(world);
  await world.crash();
  await world.start();
  await world.hub.until(() => world.hub.metadata?.lifecycleState === "running", "it runs");
  expect(notices(world)).toHaveLength(1);
});

test("one that the hub itself starts was brought back by a person there", async () => {
  await using world = await createWorld({ startedBy: "runner" });
  archive(world);
  await world.relaunch();
  await world.hub.until(() => world.hub.metadata?.lifecycleState === "running", "it runs");
  expect(notices(world)).toEqual([]);
});
