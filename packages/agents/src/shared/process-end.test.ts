/** How an agent's program ends, by itself and where it does not want to. */
import { expect, test } from "bun:test";
import type { ExitStatus, HostProcess } from "@hapi/host";
import { createManualClock } from "@hapi/testkit";
import { endProcess, endWithin, exitFailure, hasExited } from "./process-end.ts";

function stubborn(endsBy: "SIGTERM" | "SIGKILL"): { process: HostProcess; signals: string[] } {
  const exit = Promise.withResolvers<ExitStatus>();
  const signals: string[] = [];
  const signal = (name: string) => {
    signals.push(name);
    if (name === endsBy) exit.resolve({ code: null, signal: name });
    return Promise.resolve();
  };
  return { process: { exited: exit.promise, signal } as unknown as HostProcess, signals };
}

test("a program that ends when it is told to is not killed", async () => {
  const { process, signals } = stubborn("SIGTERM");
  expect(await hasExited(process)).toBe(false);
  await endProcess(process, createManualClock(), 0);
  expect(signals).toEqual(["SIGTERM"]);
  expect(await hasExited(process)).toBe(true);
});

test.each([
  [endProcess, 0, 3_000],
  [endProcess, 5_000, 5_000],
  [endWithin, 1_000, 1_000],
])("one that does not is killed in time, and not before: %p, %p", async (end, graceMs, after) => {
  const clock = createManualClock();
  const { process, signals } = stubborn("SIGKILL");
  const ended = end(process, clock, graceMs);
  await clock.advance(after - 1);
  expect(signals).toEqual(["SIGTERM"]);
  await clock.advance(1);
  await ended;
  expect(signals).toEqual(["SIGTERM", "SIGKILL"]);
});

test("an end that nobody asked for is told with the last line that was said", () => {
  const message = "It ended unexpectedly (code 3): no such model";
  expect(exitFailure("It", { code: 3, signal: null }, "warming up\n no such model \n\n")).toEqual({
    code: "agent_exited",
    message,
    retryable: true,
  });
  expect(exitFailure("It", { code: null, signal: "SIGKILL" }, "").message).toBe("It ended unexpectedly (signal SIGKILL)");
});
