import { expect, test } from "bun:test";
import { isAlive, type ProcessId, spawnPiped } from "@hapi/platform";
import { createProcessKiller, seededKillings } from "./process-killer.ts";

test("who plays the part is killed and gone when it says so; where nobody does, nothing happens", async () => {
  const child = spawnPiped(["sh", "-c", "trap '' TERM HUP INT; read line"]);
  let now: ProcessId | null = child;
  const killer = createProcessKiller({ actor: async () => now, nobody: async () => null });
  expect(await killer.kill("nobody")).toBeNull();
  expect((await killer.kill("actor"))?.pid).toBe(child.pid);
  expect(isAlive(child)).toBe(false);
  expect((await child.exited).signal).toBe("SIGKILL");
  expect(await killer.kill("actor")).toBeNull();
  now = null;
  expect(await killer.kill("actor")).toBeNull();
});

test("a pid that the system gave to another process is left alone", async () => {
  const child = spawnPiped(["sleep", "60"]);
  const killer = createProcessKiller({ gone: async () => ({ pid: child.pid, startTime: "another" }) });
  expect(await killer.kill("gone")).toBeNull();
  expect(isAlive(child)).toBe(true);
  child.signal("SIGKILL");
  await child.exited;
});

test("a seed gives the same killings again, and spares no part", () => {
  const plan = (seed: number) => {
    const killings = seededKillings(seed, ["a", "b", "c"], { least: 10, most: 20 });
    return Array.from({ length: 30 }, () => killings.next().value);
  };
  expect(plan(4)).toEqual(plan(4));
  expect(plan(4)).not.toEqual(plan(5));
  for (const part of ["a", "b", "c"]) expect(plan(4).filter((one) => one.part === part).length).toBe(10);
  expect(plan(4).every(({ afterMs }) => afterMs >= 10 && afterMs <= 20)).toBe(true);
});
