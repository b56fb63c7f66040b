/** The start of a runner on a bad line. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MachineLink, RpcHandler } from "@hapi/client/link";
import { createLogger, systemClock } from "@hapi/platform";
import { AppError, type RunnerState } from "@hapi/protocol";
import { machineRpc } from "@hapi/protocol/rpc";
import { askRunner } from "./control-socket.ts";
import { type RunnerOptions, runnerPaths, startRunner } from "./runner.ts";
import { readRunnerState } from "./state-file.ts";

/** A line that breaks the first times something is said over it. */
function badLine(breaks: number): { link: MachineLink; state: Promise<RunnerState> } {
  const told = Promise.withResolvers<RunnerState>();
  const link: MachineLink = {
    connected: true,
    handle: () => undefined,
    setHealth: () => undefined,
    line: { connected: true, since: 0, refused: null },
    async updateRunnerState(next) {
      if (breaks-- > 0) throw new AppError("hub_unreachable");
      told.resolve(next(null));
    },
    updateMetadata: async () => undefined,
    on: () => () => undefined,
    close: async () => undefined,
  };
  return { link, state: told.promise };
}

const optionsOf = (home: string, connect: RunnerOptions["connect"]): RunnerOptions => ({
  home,
  version: "1",
  machineId: "m",
  hubUrl: () => "http://127.0.0.1:1",
  env: {},
  workspaceRoots: [],
  sessionPreservation: "adopt",
  drivers: () => [],
  connect,
  startHost: async () => ({ isNew: true }),
  register: async () => undefined,
  settle: async () => true,
  clock: { ...systemClock, setTimer: (_ms, fn) => systemClock.setTimer(1, fn) },
  log: createLogger({ name: "runner", file: join(home, "runner.log") }),
});

async function start(link: MachineLink, state?: Promise<RunnerState>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "hapi-runner-"));
  try {
    const runner = await startRunner(optionsOf(home, async () => link));
    expect(await Promise.race([runner.stopRequested, runner.living()])).toEqual([]);
    await state;
    await runner.close();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

test("a line that breaks right after it stood does not end the runner: it says that it runs as soon as it can", async () => {
  const { link, state } = badLine(3);
  await start(link, state);
  expect(await state).toMatchObject({ status: "running", pid: process.pid });
});

test("what a better line would not change is said at once", async () => {
  const { link } = badLine(0);
  const refused: MachineLink = {
    ...link,
    line: { connected: false, since: 0, refused: null },
    updateRunnerState: async () => {
      throw new AppError("invalid_token");
    },
  };
  await expect(start(refused)).rejects.toMatchObject({ code: "invalid_token" });
});

test.each(["stop", "signal"] as const)("one that waits for its hub is seen, and ends when it is told to: by %s", async (how) => {
  const home = mkdtempSync(join(tmpdir(), "hapi-runner-"));
  try {
    const asked = Promise.withResolvers<AbortSignal>();
    const ended = new AbortController();
    // A hub that is away: waited for until somebody says that it is enough.
    const away: RunnerOptions["connect"] = (_metadata, signal) => {
      asked.resolve(signal);
      return new Promise((_done, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    };
    const starting = startRunner({ ...optionsOf(home, away), signal: ended.signal });
    const waiting = await asked.promise;
    expect(await askRunner(runnerPaths(home), "status")).toMatchObject({ pid: process.pid, line: { connected: false, refused: null } });
    expect(readRunnerState(home)?.pid).toBe(process.pid);
    if (how === "stop") await askRunner(runnerPaths(home), "stop");
    else ended.abort();
    const runner = await starting;
    expect(await runner.stopRequested).toBe(how === "stop" ? "cli" : "signal");
    expect(waiting.aborted).toBe(true);
    await runner.close();
    expect([await askRunner(runnerPaths(home), "status"), readRunnerState(home)]).toEqual([null, null]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("a runner serves the calls of its table, all of them and no other; a failure has the shape that its caller reads", async () => {
  const served = new Map<string, RpcHandler>();
  await start({ ...badLine(0).link, handle: (method, handler) => void served.set(method, handler) });
  expect([...served.keys()].toSorted()).toEqual(
    Object.values(machineRpc)
      .map(({ wire }) => wire)
      .toSorted(),
  );
  const ask = (method: string, params: unknown): Promise<unknown> => served.get(method)?.(params) ?? Promise.reject(new Error(method));
  expect(await ask("spawn-happy-session", { type: "spawn-in-directory" })).toMatchObject({ type: "error", code: "invalid_body" });
  expect(await ask("list-directory", { path: 7 })).toEqual({ success: false, error: "Invalid parameters" });
  expect(await ask("list-directory", { path: "/nowhere/at/all" })).toMatchObject({ success: false });
  for (const method of ["stop-session", "forget-session"])
    for (const params of [null, {}, { sessionId: "" }]) await expect(ask(method, params)).rejects.toMatchObject({ code: "invalid_body" });
  expect(await ask("path-exists", { paths: [] })).toEqual({ exists: {} });
});
