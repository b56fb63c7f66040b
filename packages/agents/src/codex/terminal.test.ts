/** Codex's own screen: what its command line is, each time it opens. */
import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import type { DriverContext } from "../driver.ts";
import type { Running } from "./begin.ts";
import { createTerminal } from "./terminal.ts";

const THREAD = "01a22d10-344b-72f0-b203-387e0470133f";

/** A session whose durable memory outlives its processes; each spawned screen ends when it is signalled. */
function createSession(args: readonly string[]) {
  const store = new Map<string, unknown>();
  const argvs: (readonly string[])[] = [];
  const host = {
    processes: () => [],
    process: () => undefined,
    spawn({ argv }: { argv: readonly string[] }) {
      argvs.push(argv);
      const over = Promise.withResolvers<unknown>();
      return Promise.resolve({ exited: over.promise, signal: () => Promise.resolve(over.resolve({ code: 0, signal: null })) });
    },
  };
  const context = {
    host,
    cwd: "/",
    env: { HAPI_CODEX_PATH: process.execPath },
    clock: createManualClock(1_000),
    memory: {
      get: (key: string) => store.get(key),
      commit: (values: object) => Promise.resolve(Object.entries(values).forEach(([key, value]) => store.set(key, value))),
    },
    emit: () => undefined,
  } as unknown as DriverContext;
  const running = { launch: { socket: "/s", args }, thread: { state: { threadId: THREAD } } } as unknown as Running;
  return { argvs, life: () => createTerminal({ context, running: () => running }) };
}

test("the first words of a line are said once: a screen that is opened again has the flags only", async () => {
  const { argvs, life } = createSession(["-m", "gpt-5.5", "delete the old migrations"]);
  const terminal = life();
  await terminal.open({});
  await terminal.close({ graceMs: 0 });
  await terminal.open({});
  // And by the session process that comes after.
  await life().open({});
  const resume = ["--remote", "unix:///s", "resume", THREAD, "-m", "gpt-5.5"];
  expect(argvs.map((argv) => argv.slice(1))).toEqual([[...resume, "delete the old migrations"], resume, resume]);
});
