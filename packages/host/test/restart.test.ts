/** The session process dies; the agent does not notice and nothing of it is lost. */
import { expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "@hapi/platform/lean";
import { probeHost, type HostFacts } from "../src/index.ts";
import { entry, programEnv, startTestHost, type TestHost } from "./harness.ts";

/** Many programs on a busy machine. */
const slowMs = 240_000;

const kills = 200;
/** Enough output that the program is still at it when the last reader starts. */
const lastNumber = 4_000_000;

test(
  `a pipe is read byte for byte through ${kills} kills of its reader`,
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    await control.spawn({
      launchId: "counter",
      kind: "pipe",
      argv: ["seq", "1", String(lastNumber)],
      cwd: "/",
      env: programEnv,
      ringBytes: 512 << 10,
    });
    const file = join(host.home, "copy");
    // Started ahead, so that the time of the test is not the time of starting programs.
    const waiting = [startReader(host, file), startReader(host, file)];
    let killsDuringReading = 0;
    for (let kill = 0; kill < kills; kill++) {
      waiting.push(startReader(host, file));
      const reader = waiting.shift() as Reader;
      await reader.go();
      if (kill % 4 > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      if (await reader.kill()) killsDuringReading++;
    }
    for (const reader of waiting.splice(1)) await reader.kill();
    const last = waiting[0] as Reader;
    await last.go();
    await last.finished();
    const after = await host.control();
    expect(await after.process("counter")?.exited).toEqual({ code: 0, signal: null });
    expect(killsDuringReading).toBeGreaterThan(kills / 2);
    const copy = readFileSync(file, "latin1");
    const counter = Bun.spawnSync(["seq", "1", String(lastNumber)]).stdout.toString("latin1");
    expect(copy.length).toBe(counter.length);
    expect(copy === counter).toBe(true);
  },
  slowMs,
);

interface Reader {
  go(): Promise<void>;
  /** False when it had come to the end by itself. */
  kill(): Promise<boolean>;
  finished(): Promise<void>;
}

function startReader(host: TestHost, file: string): Reader {
  const child = Bun.spawn([process.execPath, entry("./reader-entry.ts"), host.dir, "counter", file], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = child.stdout.getReader();
  let said = "";
  const hear = async (word: string) => {
    while (!said.includes(word)) {
      const { done, value } = await lines.read();
      if (done) throw new Error(`a reader ended before it said "${word}"`);
      said += new TextDecoder().decode(value);
    }
  };
  return {
    async go() {
      await child.stdin.write("go\n");
      await child.stdin.flush();
      await hear("reading");
    },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
      return child.signalCode === "SIGKILL";
    },
    async finished() {
      await hear("end");
      await child.exited;
    },
  };
}

test(
  "the session process is started again after kill -9 and finds what it had started",
  async () => {
    const spec = { launchId: "program", kind: "pty", argv: ["sh", "-c", "echo begun; read line; exit 5"], cwd: "/", env: programEnv };
    await using host = await startTestHost({ sessionArgv: [process.execPath, entry("./session-entry.ts"), JSON.stringify(spec)] });
    let facts = await waitFor(host.dir, (now) => now.processes.length === 1 && now.hasController);
    const agent = facts.processes[0];
    for (let round = 1; round <= 2; round++) {
      process.kill(facts.session.pid as number, "SIGKILL");
      facts = await waitFor(host.dir, (now) => now.session.starts === round + 1 && now.hasController && now.display.kind === "process");
    }
    expect(facts.processes).toEqual([agent as NonNullable<typeof agent>]);
    expect(facts.display).toEqual({ kind: "process", launchId: "program" });
  },
  slowMs,
);

test(
  "a session process that never connects is given up when there is nothing to lose",
  async () => {
    await using host = await startTestHost({ sessionArgv: ["sh", "-c", "echo broken >&2; exit 1"] });
    while (isAlive(host.facts)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await probeHost(host.dir)).toBeNull();
    expect(readFileSync(join(host.dir, "session-process.log"), "utf8")).toBe("broken\n".repeat(5));
    expect(statSync(join(host.dir, "session-process.log")).mode & 0o777).toBe(0o600);
  },
  slowMs,
);

async function waitFor(dir: string, test: (facts: HostFacts) => boolean): Promise<HostFacts> {
  for (;;) {
    const facts = await probeHost(dir);
    if (!facts) throw new Error("the host has ended");
    if (test(facts)) return facts;
  }
}
