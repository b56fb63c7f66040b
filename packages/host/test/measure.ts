/**
 * Figures of the host on this machine: start, echo, throughput, memory of its own (mean of ten). Run by hand or by the bench:
 * `bun packages/host/test/measure.ts [host entry or bundle]`; prints one JSON object.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay, sessionDir } from "@hapi/platform/lean";
import { connectHost, shutdownHost, startHost } from "../src/index.ts";
import { encodeFrame, frameType } from "../src/frames.ts";
import { openLink } from "../src/link.ts";
import { entry, programEnv, readUntil } from "./harness.ts";

const hosts = 10;
const echoes = 1_000;
const hostEntry = process.argv[2] ?? entry("./host-entry.ts");

const home = mkdtempSync(join(tmpdir(), "hapi-host-"));
const percentile = (values: readonly number[], part: number) => [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;
const rounded = (value: number) => Math.round(value * 100) / 100;

const startMs: number[] = [];
const pids: number[] = [];
for (let index = 0; index < hosts; index++) {
  const before = performance.now();
  const options = {
    home,
    sessionId: `s${index}`,
    sessionArgv: [],
    env: process.env,
    cwd: home,
    hostCommand: [process.execPath, hostEntry],
  };
  const host = await startHost(options);
  startMs.push(performance.now() - before);
  pids.push(host.facts.pid);
  const control = await connectHost(host.address);
  const shell = await control.spawn({
    launchId: "shell",
    kind: "pty",
    argv: ["bash", "--norc", "--noprofile"],
    cwd: home,
    env: programEnv,
  });
  await control.setDisplay({ kind: "process", launchId: "shell" });
  await shell.write("for i in $(seq 1 1000); do echo line $i of some output; done; echo do''ne\r");
  await readUntil(shell, (text) => text.includes("done"));
}
await delay(500);
const kilobytes = (pid: number) => Number(/Private_Dirty:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
const ownMb = pids.reduce((sum, pid) => sum + kilobytes(pid) / 1024, 0) / hosts;

/** From the key in the viewer's hand to the echo on its screen: `cat` on a raw terminal, one byte after the other. */
async function echo(): Promise<number[]> {
  const host = await startHost({
    home,
    sessionId: "echo",
    sessionArgv: [],
    env: process.env,
    cwd: home,
    hostCommand: [process.execPath, hostEntry],
  });
  const control = await connectHost(host.address);
  await control.spawn({
    launchId: "cat",
    kind: "pty",
    argv: ["sh", "-c", "stty raw -echo; echo ready; exec cat"],
    cwd: home,
    env: programEnv,
  });
  await control.setDisplay({ kind: "process", launchId: "cat" });
  let onScreen: (text: string) => void = () => undefined;
  const ready = new Promise<void>((resolve) => (onScreen = (text) => text.includes("ready") && resolve()));
  const link = await openLink(
    { address: host.address, role: "viewer", size: { cols: 80, rows: 24 } },
    { frame: (frame) => onScreen(new TextDecoder().decode(frame.payload)), closed: () => undefined },
  );
  await ready;
  const times: number[] = [];
  for (let index = 0; index < echoes; index++) {
    const before = performance.now();
    // A byte of its own, or a late frame would be taken for this echo.
    const key = 0x61 + (index % 26);
    const seen = new Promise<void>((resolve) => (onScreen = (text) => text.includes(String.fromCharCode(key)) && resolve()));
    link.connection.write(encodeFrame(frameType.keys, new Uint8Array([key])));
    await seen;
    times.push(performance.now() - before);
  }
  return times;
}

async function megabytesPerSecond(): Promise<number> {
  const control = await connectHost((await startHost({ home, sessionId: "s0", sessionArgv: [], env: process.env, cwd: home })).address);
  const before = performance.now();
  const flood = await control.spawn({ launchId: "flood", kind: "pty", argv: ["seq", "1", "5200000"], cwd: home, env: programEnv });
  await flood.exited;
  return 45 / ((performance.now() - before) / 1000);
}

const echoMs = await echo();
const result = {
  startMs: { p50: rounded(percentile(startMs, 0.5)), max: rounded(Math.max(...startMs)) },
  echoMs: { p50: rounded(percentile(echoMs, 0.5)), p99: rounded(percentile(echoMs, 0.99)) },
  ownMemoryMb: rounded(ownMb),
  ptyMbPerSecond: rounded(await megabytesPerSecond()),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
for (const name of ["echo", ...pids.map((_, index) => `s${index}`)]) await shutdownHost(sessionDir(home, name));
rmSync(home, { recursive: true, force: true });
process.exit(0);
