import { expect, test } from "bun:test";
import { createRemoteBusy } from "./remote-busy.ts";

test("an old stretch that is read again is not told as work; what holds at its end is", () => {
  const told: boolean[] = [];
  const busy = createRemoteBusy(false, (isBusy) => told.push(isBusy));
  busy.replaying = true;
  busy.set(true);
  busy.set(false);
  busy.set(true);
  expect(told).toEqual([]);
  busy.replaying = false;
  expect(told).toEqual([true]);
});

test("who waits for the end of the turn hears of it, at once where none runs", async () => {
  const busy = createRemoteBusy(true, () => undefined);
  const heard: string[] = [];
  const waiting = busy.idle().then(() => heard.push("idle"));
  busy.set(true);
  await Promise.resolve();
  expect(heard).toEqual([]);
  busy.set(false);
  await waiting;
  await busy.idle();
  expect(heard).toEqual(["idle"]);
});
