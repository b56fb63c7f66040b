import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import { delay, every, LATE, within } from "./clock.ts";

test("work in time is answered, and leaves no timer behind", async () => {
  const clock = createManualClock();
  const work = Promise.withResolvers<string>();
  const answer = within(clock, 100, work.promise);
  await clock.advance(99);
  work.resolve("done");
  expect(await answer).toBe("done");
  expect(clock.pendingTimers).toBe(0);
});

test("work that takes longer is late", async () => {
  const clock = createManualClock();
  const answer = within(clock, 100, new Promise<string>(() => undefined));
  await clock.advance(100);
  expect(await answer).toBe(LATE);
});

test("undefined is an answer like any other", async () => {
  expect(await within(createManualClock(), 100, Promise.resolve(undefined))).toBeUndefined();
});

test("work that is done already is not late, however little time there is", async () => {
  const clock = createManualClock();
  const answer = within(clock, 0, Promise.resolve("done"));
  await clock.advance(0);
  expect(await answer).toBe("done");
});

test("a failure in time is the caller's, and leaves no timer behind", async () => {
  const clock = createManualClock();
  expect(await within(clock, 100, Promise.reject(new Error("no"))).catch(String)).toBe("Error: no");
  const thrown = within(clock, 100, () => {
    throw new Error("at once");
  });
  expect(await thrown.catch(String)).toBe("Error: at once");
  expect(clock.pendingTimers).toBe(0);
});

test("a failure after the time is nobody's", async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (cause: unknown): void => void unhandled.push(cause);
  process.on("unhandledRejection", onUnhandled);
  try {
    const clock = createManualClock();
    const work = Promise.withResolvers<never>();
    const answer = within(clock, 100, work.promise);
    await clock.advance(100);
    expect(await answer).toBe(LATE);
    work.reject(new Error("too late"));
    await clock.advance(0);
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
});

test("work that ends with its signal is late, and its signal says why", async () => {
  const clock = createManualClock();
  let reason: unknown;
  const answer = within(clock, 100, (signal) => {
    signal.addEventListener("abort", () => (reason = signal.reason));
    return delay(1_000, { clock, signal });
  });
  await clock.advance(100);
  expect(await answer).toBe(LATE);
  expect(reason).toMatchObject({ name: "TimeoutError" });
  expect(clock.pendingTimers).toBe(0);
});

test("the signal of work in time stays quiet", async () => {
  const clock = createManualClock();
  const signal = await within(clock, 100, async (given) => given);
  await clock.advance(1_000);
  expect(signal).toMatchObject({ aborted: false });
});

test("every: again and again, until it is ended, also by itself", async () => {
  const clock = createManualClock();
  let calls = 0;
  const end = every(clock, 100, () => {
    calls += 1;
    if (calls === 3) end();
  });
  await clock.advance(99);
  expect(calls).toBe(0);
  await clock.advance(201);
  expect(calls).toBe(3);
  await clock.advance(1_000);
  expect(calls).toBe(3);
  expect(clock.pendingTimers).toBe(0);
});

test("a process may end while an unref'ed timer waits, and no other", () => {
  const clockFile = new URL("./clock.ts", import.meta.url).pathname;
  const run = (options: string): string => {
    const code = `import { systemClock } from ${JSON.stringify(clockFile)}; systemClock.setTimer(1, () => console.log("rang")${options});`;
    return Bun.spawnSync([process.execPath, "-e", code]).stdout.toString();
  };
  expect(run("")).toBe("rang\n");
  expect(run(", { unref: true }").trim()).toBe("");
});
