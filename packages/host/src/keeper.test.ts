/** The shell beside the host, with a real shell; what it starts is replaced. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, delay, isAlive, processStartTime, systemClock, type ProcessId } from "@hapi/platform/lean";
import { hostLivesExit, Keeper } from "./keeper.ts";

const entry = join(import.meta.dir, "keeper.ts");
const hostMain = join(import.meta.dir, "host-main.ts");

/** A host that only keeps `pid`, and is killed; what ends the left ones is `endLeft`. Resolves when it is dead. */
async function hostOf(dir: string, kept: readonly ProcessId[], endLeft: readonly string[], last: "killed" | "dismissed"): Promise<void> {
  const code = `
    import { Keeper } from ${JSON.stringify(entry)};
    import { systemClock } from "@hapi/platform/lean";
    const keeper = new Keeper({ endLeft: ${JSON.stringify(endLeft)}, logFile: ${JSON.stringify(join(dir, "log"))}, env: process.env, clock: systemClock });
    keeper.start();
    keeper.told(${JSON.stringify(kept)});
    ${last === "killed" ? "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)" : "keeper.dismiss(); setTimeout(() => process.exit(0), 50)"};
  `;
  await Bun.spawn([process.execPath, "-e", code], { cwd: import.meta.dir, stdout: "inherit", stderr: "inherit" }).exited;
}

interface Place extends Disposable {
  dir: string;
  agent: ProcessId;
}

function place(): Place {
  const dir = mkdtempSync(join(tmpdir(), "hapi-keeper-"));
  const child = Bun.spawn(["setsid", "sh", "-c", "trap '' HUP TERM; sleep 1000"], { stdin: "ignore" });
  const agent = { pid: child.pid, startTime: processStartTime(child.pid) };
  return {
    dir,
    agent,
    [Symbol.dispose]() {
      if (isAlive(agent)) process.kill(-agent.pid, "SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** `T`: stopped. After the name, which may hold spaces. */
function stateOf(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[0];
}

const onLinux = test.skipIf(process.platform !== "linux");

onLinux("stops the agents, then starts what ends everything", async () => {
  using here = place();
  const done = join(here.dir, "done");
  await hostOf(
    here.dir,
    [here.agent],
    [
      "sh",
      "-c",
      `until [ "$(cut -d' ' -f3 /proc/${here.agent.pid}/stat)" = T ]; do sleep 0.01; done; echo T >${done}.part; mv ${done}.part ${done}`,
    ],
    "killed",
  );
  // The signal that stops it takes effect some time after it was sent: waited for by who is started next. A keeper that sent none never gets here.
  while (!attempt(() => readFileSync(done, "utf8"), "not yet")) await delay(10);
  expect(stateOf(here.agent.pid)).toBe("T");
});

onLinux("where that can't be started it ends them itself", async () => {
  using here = place();
  await hostOf(here.dir, [here.agent], ["/no/such/program"], "killed");
  while (isAlive(here.agent)) await delay(10);
});

for (const record of ["missing", "damaged"] as const) {
  onLinux(`where the host's family file is ${record}, it ends them itself`, async () => {
    using here = place();
    if (record === "damaged") writeFileSync(join(here.dir, "family.json"), "{");
    const code = `import { runHost } from ${JSON.stringify(hostMain)}; process.exit(await runHost(["--end-left", ${JSON.stringify(here.dir)}]));`;
    await hostOf(here.dir, [here.agent], [process.execPath, "-e", code], "killed");
    while (isAlive(here.agent)) await delay(10);
  });
}

onLinux("where the host lives after all they go on; a number that means another process by now is left alone", async () => {
  using here = place();
  using other = place();
  const done = join(here.dir, "done");
  const reused = { pid: other.agent.pid, startTime: "1" };
  await hostOf(
    here.dir,
    [reused, here.agent],
    ["sh", "-c", `cut -d' ' -f3 /proc/${reused.pid}/stat >${done}.part; mv ${done}.part ${done}; exit ${hostLivesExit}`],
    "killed",
  );
  // What was stopped goes on some time after the word that it may.
  while (!attempt(() => readFileSync(done, "utf8"), "not yet") || stateOf(here.agent.pid) === "T") await delay(10);
  expect(["R\n", "S\n", "D\n"]).toContain(readFileSync(done, "utf8"));
  expect(stateOf(reused.pid)).not.toBe("T");
});

onLinux("a host that ends in good order leaves them alone", async () => {
  using here = place();
  const done = join(here.dir, "done");
  await hostOf(here.dir, [here.agent], ["touch", done], "dismissed");
  // It may only just have begun.
  while (stateOf(here.agent.pid) !== "S") await delay(10);
  expect(attempt(() => readFileSync(done), "as it should be")).toBeUndefined();
});

test("without a shell it tries again with growing pauses", () => {
  const timers: number[] = [];
  const clock = { ...systemClock, setTimer: (ms: number) => (timers.push(ms), () => undefined) };
  const keeper = new Keeper({ endLeft: [], logFile: "/no/such/folder/log", env: {}, clock });
  keeper.start();
  keeper.told([{ pid: 1, startTime: "1" }]);
  expect([timers, keeper.pid]).toEqual([[100], null]);
  keeper.dismiss();
});
