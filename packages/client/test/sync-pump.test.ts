import { expect, test } from "bun:test";
import type { Due, ReadFate } from "@hapi/core";
import { AppError } from "@hapi/protocol";
import { createPump } from "../src/sync-pump.ts";
import { manualClock } from "./manual-clock.ts";

/** A pump on reads that end when the test says so. */
function pumped(due: Due[]) {
  const clock = manualClock();
  const open = new Map<string, PromiseWithResolvers<void>>();
  const begun: string[] = [];
  const failures: [key: string, fate: ReadFate][] = [];
  const rig = { due, isOver: false };
  const pump = createPump({
    clock,
    random: () => 0,
    due: () => rig.due,
    read(one) {
      const ends = Promise.withResolvers<void>();
      open.set(one.join(" "), ends);
      begun.push(one.join(" "));
      return ends.promise;
    },
    failed: (one, _error, fate) => void failures.push([one.join(" "), fate]),
    isOver: () => rig.isOver,
  });
  const end = async (key: string, error?: AppError): Promise<void> => {
    if (error) open.get(key)?.reject(error);
    else open.get(key)?.resolve();
    await clock.advance(0);
  };
  return { rig, pump, clock, begun, failures, end };
}

test("each thing is read once at a time, and again when it is still due behind that", async () => {
  const { rig, pump, begun, end } = pumped([["list"], ["messages", "a"]]);
  pump.run();
  pump.run();
  expect(begun).toEqual(["list", "messages a"]);
  await end("list");
  expect(begun).toEqual(["list", "messages a", "list"]);
  rig.due = [];
  await end("list");
  await end("messages a");
  expect(begun).toHaveLength(3);
});

test("sessions wait while six reads are under way", async () => {
  const { rig, pump, begun, end } = pumped([["list"], ["machines"], ...[..."abcdef"].map((id): Due => ["session", id])]);
  pump.run();
  expect(begun).toEqual(["list", "machines", "session a", "session b", "session c", "session d"]);
  rig.due = rig.due.filter(([, id]) => id === "e" || id === "f");
  await end("list");
  expect(begun.slice(6)).toEqual(["session e"]);
});

test("after a failure nothing is read until its pause is over, or somebody asks for it", async () => {
  const { pump, clock, begun, failures, end } = pumped([["list"], ["machines"]]);
  pump.run();
  await end("list", new AppError("internal"));
  expect(failures).toEqual([["list", "later"]]);
  pump.run();
  expect(begun).toHaveLength(2);
  await clock.advance(clock.nextIn() ?? 0);
  expect(begun.slice(2)).toEqual(["list"]);
  await end("list", new AppError("internal"));
  pump.again();
  expect(begun.slice(3)).toEqual(["list"]);
});

test("a session that is not there stops no other read; a refused sign-in stops all until somebody asks", async () => {
  const { rig, pump, clock, begun, failures, end } = pumped([["session", "a"], ["list"]]);
  pump.run();
  rig.due = [["list"], ["machines"]];
  await end("session a", new AppError("session_not_found"));
  expect(begun).toEqual(["session a", "list", "machines"]);
  await end("list", new AppError("invalid_token"));
  expect(failures).toEqual([
    ["session a", "gone"],
    ["list", "signed-out"],
  ]);
  expect(clock.nextIn()).toBeNull();
  pump.run();
  expect(begun).toHaveLength(3);
  pump.again();
  expect(begun.slice(3)).toEqual(["list"]);
});

test("what fails when it is over is told to nobody; a stopped pause does not come", async () => {
  const over = pumped([["list"]]);
  over.pump.run();
  over.rig.isOver = true;
  over.rig.due = [];
  await over.end("list", new AppError("internal"));
  expect([over.failures, over.clock.nextIn()]).toEqual([[], null]);

  const stopped = pumped([["list"]]);
  stopped.pump.run();
  await stopped.end("list", new AppError("internal"));
  stopped.pump.stop();
  expect(stopped.clock.nextIn()).toBeNull();
});
