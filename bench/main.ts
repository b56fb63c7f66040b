/** `npm run bench`. `--help` says what it takes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { type HubProgram, HubUnderTest } from "./lib/hub.ts";
import { helpText, isComplete, type Options, parseOptions } from "./options.ts";
import { phases } from "./phases/index.ts";
import { benchmarkDocument, type Circumstances, reachSummary, reachTable } from "./report/document.ts";
import type { Measurements } from "./report/measurements.ts";
import { metricTable } from "./report/table.ts";
import { runPhases } from "./run.ts";
import { ourHub } from "./targets/ours.ts";
import { peerHub } from "./targets/peer.ts";

const phaseNames = phases.map(({ name }) => name);
const restMs = 500;
const usualDocument = resolve(import.meta.dir, "../docs/benchmarks.md");
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const parsed = parseOptions(process.argv.slice(2), phaseNames, () => 1 + Math.floor(Math.random() * 999_999_999));
if (process.platform !== "linux") {
  say("bench: it reads memory, CPU and system calls from /proc, so it needs Linux.");
  process.exitCode = 1;
} else if ("help" in parsed) process.stdout.write(helpText(phases));
else if ("wrong" in parsed) {
  say(`bench: ${parsed.wrong}. See npm run bench -- --help.`);
  process.exitCode = 2;
} else {
  process.exitCode = await bench(parsed.options).catch((cause: unknown) => {
    say(`bench: ${cause instanceof Error ? cause.message : String(cause)}`);
    return 1;
  });
}

async function bench(options: Options): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), "hapi-bench-"));
  const opened: HubUnderTest[] = [];
  const open = (program: HubProgram): HubUnderTest => {
    const hub = new HubUnderTest(program, scratch);
    opened.push(hub);
    return hub;
  };
  const leave = async (code: number): Promise<void> => {
    await Promise.all(opened.map((hub) => hub.kill()));
    rmSync(scratch, { recursive: true, force: true });
    process.exit(code);
  };
  process.on("SIGINT", () => void leave(130));
  process.on("SIGTERM", () => void leave(143));
  // A phase that was given up may still be waiting for something: nobody listens any more, and it is no reason to end everything.
  const stray: string[] = [];
  process.on("unhandledRejection", (cause) => void stray.push(`unhandled: ${cause instanceof Error ? cause.message : String(cause)}`));
  try {
    const { programs, missingPeer } = await prepare(options, scratch);
    say(`Seed ${options.seed}. ${programs.map(({ label, version }) => `${label} ${version}`).join(" and ")}, ${options.rounds} rounds.`);
    const random = seededRandom(options.seed);
    const wanted = phases.filter(({ name }) => options.phases.includes(name));
    const circumstances = circumstancesOf(options, programs, missingPeer);
    const save = (measurements: Measurements): void => {
      if (options.out !== null) writeFileSync(options.out, `${JSON.stringify({ ...circumstances, ...measurements }, null, 1)}\n`);
    };
    const { rounds, quick, crashRuns } = options;
    const measurements = await runPhases(wanted, programs, { rounds, quick, crashRuns, random, open, restMs, say, onProgress: save });
    measurements.violations.push(...stray);
    return report(options, circumstances, measurements);
  } finally {
    await Promise.all(opened.map((hub) => hub.retire()));
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The hubs to measure, and why there is no peer among them, or null. */
async function prepare(options: Options, scratch: string): Promise<{ programs: HubProgram[]; missingPeer: string | null }> {
  const peer = options.oursOnly ? { missing: "asked for without it" } : await peerHub();
  const missingPeer = "missing" in peer ? peer.missing : null;
  if (missingPeer !== null && !options.oursOnly) say(`\n!! THE PEER COULD NOT BE HAD, our hub is measured alone: ${missingPeer}\n`);
  if (options.ours === null) say("Building and packing our hub …");
  const ours = ourHub(scratch, options.ours === null ? undefined : resolve(options.ours));
  return { programs: "missing" in peer ? [ours] : [peer, ours], missingPeer };
}

function circumstancesOf(options: Options, programs: readonly HubProgram[], missingPeer: string | null): Circumstances {
  return {
    at: new Date(),
    machine: {
      cpu: cpus()[0]?.model ?? "unknown processor",
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      runtime: `Bun ${process.versions.bun}`,
    },
    hubs: programs.map(({ label, version }) => ({ label, version })),
    rounds: options.rounds,
    seed: options.seed,
    isComplete: isComplete(options, phaseNames, missingPeer === null),
    missingPeer,
  };
}

function report(options: Options, circumstances: Circumstances, measurements: Measurements): number {
  const labels = circumstances.hubs.map(({ label }) => label);
  const broken = measurements.violations.map((text) => `  ${text}`);
  process.stdout.write(
    `${metricTable(measurements, labels)}\n\n${reachTable(measurements, "measured")}\n\n${reachSummary(measurements)}\nbroken rules: ${broken.length}\n${broken.join("\n")}\n`,
  );
  const file = options.doc ?? (circumstances.isComplete ? usualDocument : null);
  if (file !== null) {
    writeFileSync(file, benchmarkDocument(circumstances, measurements));
    say(`Written: ${file}`);
  }
  return broken.length === 0 ? 0 : 1;
}

/** Mulberry32: the moments of a run's kills, again. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
