/**
 * Hub, runner and several sessions under a person's load for a long time, with readers whose connections break and come back, and kills. In
 * the first third or so anything may be killed. Afterwards hub, runner and all sessions but one live on, so that their memory can be followed; the
 * client, the terminal and the first session's processes go on dying. Hosts are not killed here (`e2e/faults/kill.test.ts` does that). In the end
 * nothing may be lost, doubled or out of order; every reader must show the newest page as the hub has it, by order, content and stage; and no
 * memory may have grown by more than `memory.ts` allows.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay } from "@hapi/platform";
import type { Message } from "@hapi/protocol";
import { type ChaosProxy, checkHistory, seededKillings, seededRandom, type Violation, type Weather } from "@hapi/testkit";
import { weathers } from "../faults/bad-network.ts";
import type { SessionPlace } from "../faults/session-place.ts";
import { createWorld, type Part, type World } from "../faults/world.ts";
import { HEAPS_VARIABLE } from "./collecting.ts";
import { aliveBytes, judgeMemory, type MemoryVerdict, residentBytes, type Sample, warmUpOf } from "./memory.ts";
import { type Reader, startReader } from "./reader.ts";
import { startWorker, type Worker } from "./worker.ts";

export interface SoakOptions {
  minutes: number;
  seed: number;
  sessions?: number;
  readers?: number;
  sampleEveryMs?: number;
  /** One line now and then. */
  say(line: string): void;
}

export interface SoakResult {
  seed: number;
  minutes: number;
  sessions: number;
  prompts: number;
  stages: Record<string, number>;
  rows: number;
  approvals: number;
  readers: number;
  events: number;
  reconnects: number;
  cuts: number;
  repeats: number;
  lostAnswers: number;
  kills: Record<string, number>;
  memory: MemoryVerdict[];
  /** In words, with the session; empty: nothing lost, nothing twice, memory flat. */
  violations: string[];
}

const FULL_ROUND: readonly Part[] = ["hub", "runner", "session", "agent", "client", "viewer"];
/** Those whose memory is not followed. */
const UNWATCHED: readonly Part[] = ["session", "agent", "client", "viewer"];

export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { minutes, seed, sessions = 4, readers = 6, say } = options;
  const lastsMs = minutes * 60_000;
  const sampleEveryMs = options.sampleEveryMs ?? Math.min(10_000, lastsMs / 60);
  const heaps = mkdtempSync(join(tmpdir(), "hapi-heaps-"));
  await using _ = { [Symbol.asyncDispose]: async () => rmSync(heaps, { recursive: true, force: true }) };
  const collecting = join(import.meta.dir, "collecting.ts");
  await using world = await createWorld({ speed: 3, seed, env: { BUN_OPTIONS: `--preload ${collecting}`, [HEAPS_VARIABLE]: heaps } });
  // The world's own session takes the kills; the others are followed.
  const places = [world.session];
  while (places.length < sessions) places.push(await world.spawn());
  const run = { from: Date.now(), to: Date.now() + lastsMs };
  const workers = places.map((place, index) => startWorker(world, place, seed + index, `s${index}`));
  const watching = await Promise.all(
    Array.from({ length: readers }, (_, index) => startReader(world.person, places[index % places.length]!.id)),
  );
  const stop = new AbortController();
  const background = [
    flap(world.nets.clients, seed, stop.signal),
    changeWeather(world, seed, stop.signal),
    sample({ world, heaps, places: places.slice(1), everyMs: sampleEveryMs, signal: stop.signal }),
    killNowAndThen(world, { ...run, seed, signal: stop.signal }),
    tell(workers, run, say, stop.signal),
  ] as const;
  // What goes wrong in the background, or with a worker, ends the run.
  const failed = background.map((one) => one.then(() => new Promise<never>(() => undefined)));
  await Promise.race([delay(lastsMs), ...failed, ...workers.map((worker) => worker.failed)]);
  stop.abort();
  const [, , samples, kills] = await Promise.all(background);
  const measured = { from: run.from, to: Date.now() };
  for (const net of Object.values(world.nets)) net.weather({});
  say("load ends; waiting for what is under way");
  await Promise.all(workers.map((worker) => worker.stop()));

  const memory = [...samples].map(([name, own]) => judgeMemory(name, own, measured));
  const violations = (await Promise.all(workers.map((worker) => violationsOf(worker)))).flat();
  violations.push(...(await pictureViolations(world, watching)));
  for (const [id, code] of world.client.refused) violations.push(`the hub refused prompt ${id}: ${code}`);
  for (const { name, isFlat, riseMb, allowedMb, samples: count } of memory) {
    if (!isFlat) violations.push(`memory of ${name} rose by ${riseMb} MB (${count} samples), ${allowedMb} MB are allowed`);
  }
  const rows = (await Promise.all(places.map((place) => place.rows()))).reduce((sum, own) => sum + own.length, 0);
  await Promise.all(watching.map((reader) => reader.stop()));
  return {
    seed,
    minutes,
    sessions,
    prompts: workers.reduce((sum, { accepted }) => sum + accepted.length, 0),
    stages: count(workers.flatMap(({ stages }) => [...stages.values()])),
    rows,
    approvals: workers.reduce((sum, { answers }) => sum + answers, 0),
    readers,
    events: watching.reduce((sum, { events }) => sum + events, 0),
    reconnects: watching.reduce((sum, { connections }) => sum + connections - 1, 0),
    ...networkCounts(world),
    kills,
    memory,
    violations,
  };
}

const count = (words: readonly string[]): Record<string, number> =>
  words.reduce<Record<string, number>>((sums, word) => ({ ...sums, [word]: (sums[word] ?? 0) + 1 }), {});

function networkCounts({ nets }: World): { cuts: number; repeats: number; lostAnswers: number } {
  const sum = (key: "cuts" | "duplicates" | "lostAnswers"): number => nets.clients.counts[key] + nets.machine.counts[key];
  return { cuts: sum("cuts"), repeats: sum("duplicates"), lostAnswers: sum("lostAnswers") };
}

/** Resolves early, without a word, when the run is over. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, { signal }).catch(() => undefined);

/** People on the move: all their connections break every few seconds. */
async function flap(net: ChaosProxy, seed: number, signal: AbortSignal): Promise<void> {
  const random = seededRandom(seed + 1);
  while (!signal.aborted) {
    await pause(3_000 + random() * 9_000, signal);
    net.cut();
  }
}

async function changeWeather({ nets }: World, seed: number, signal: AbortSignal): Promise<void> {
  const random = seededRandom(seed + 2);
  const kinds: readonly Weather[] = [weathers.calm, weathers.slow, weathers.flaky, weathers.repeating];
  while (!signal.aborted) {
    for (const net of [nets.machine, nets.clients]) net.weather(kinds[Math.floor(random() * kinds.length)] ?? {});
    await pause(10_000 + random() * 10_000, signal);
  }
}

interface Sampling {
  world: World;
  places: readonly SessionPlace[];
  /** Where the processes write down what is alive in them. */
  heaps: string;
  everyMs: number;
  signal: AbortSignal;
}

async function sample({ world, places, heaps, everyMs, signal }: Sampling): Promise<ReadonlyMap<string, Sample[]>> {
  const all = new Map<string, Sample[]>();
  const note = async (name: string, pid: number | null | undefined): Promise<void> => {
    if (pid === null || pid === undefined) return;
    const bytes = await residentBytes(pid);
    if (bytes !== null) all.set(name, [...(all.get(name) ?? []), { at: Date.now(), bytes, aliveBytes: aliveBytes(heaps, pid) }]);
  };
  while (!signal.aborted) {
    await note("hub", world.pid("hub"));
    await note("runner", world.pid("runner"));
    for (const [index, place] of places.entries()) {
      await note(`session process ${index + 1}`, (await place.find("session"))?.pid);
      await note(`host ${index + 1}`, (await place.find("host"))?.pid);
    }
    await pause(everyMs, signal);
  }
  return all;
}

async function killNowAndThen(
  world: World,
  run: { from: number; to: number; seed: number; signal: AbortSignal },
): Promise<Record<string, number>> {
  const { signal } = run;
  const kills: Record<string, number> = {};
  const lasts = run.to - run.from;
  const calmFrom = run.from + warmUpOf(lasts) * lasts * 0.75;
  const most = Math.min(30_000, lasts / 12);
  const all = seededKillings(run.seed, FULL_ROUND, { least: most / 3, most });
  const few = seededKillings(run.seed, UNWATCHED, { least: most / 3, most });
  while (!signal.aborted) {
    const next = (Date.now() < calmFrom ? all : few).next().value;
    await pause(next.afterMs, signal);
    if (signal.aborted) break;
    const part = Date.now() < calmFrom || UNWATCHED.includes(next.part) ? next.part : "client";
    await world.kill(part);
    await world.start(part);
    kills[part] = (kills[part] ?? 0) + 1;
  }
  return kills;
}

async function tell(
  workers: readonly Worker[],
  run: { from: number; to: number },
  say: SoakOptions["say"],
  signal: AbortSignal,
): Promise<void> {
  const every = Math.max(10_000, (run.to - run.from) / 30);
  while (!signal.aborted) {
    await pause(every, signal);
    const prompts = workers.reduce((sum, { accepted }) => sum + accepted.length, 0);
    say(`${Math.round((Date.now() - run.from) / 1_000)} s: ${prompts} prompts`);
  }
}

/** The session's history against the agent's record; what was allowed was done once. */
async function violationsOf({ session, accepted, files, stages }: Worker): Promise<string[]> {
  const where = session.cwd.slice(session.cwd.lastIndexOf("/") + 1);
  const words = ({ kind, what }: Violation): string => `${where}: ${kind} ${what}`;
  const found = checkHistory(await session.history(accepted)).map(words);
  for (const [localId, file] of files) {
    const times = session.written(file);
    if (times > 1) found.push(`${where}: an approval was applied ${times} times: ${file}`);
    if (times === 0 && stages.get(localId) === "done") found.push(`${where}: an approval was lost: ${file}`);
  }
  return found;
}

const PAGE = 60;
const PICTURE_WITHIN_MS = 60_000;

/** What a reader shows of a row, for comparing. */
const shownOf = ({ id, seq, localId, stage, content }: Message): string =>
  JSON.stringify([id, seq, localId ?? null, stage ?? null, new Bun.CryptoHasher("sha256").update(JSON.stringify(content)).digest("hex")]);

/** Every reader shows in the end the newest page as the hub has it: which rows, in which order, with what in them, how far each prompt is. */
async function pictureViolations(world: World, readers: readonly Reader[]): Promise<string[]> {
  const found = await Promise.all(
    readers.map(async (reader, index) => {
      for (const deadline = Date.now() + PICTURE_WITHIN_MS; ;) {
        const { messages } = await world.api.messages.page(reader.sessionId, { limit: PAGE });
        const want = messages.map(shownOf);
        const rows = reader.state.windows[reader.sessionId]?.rows ?? [];
        const have = rows.slice(-want.length).map(shownOf);
        const isOnce = new Set(rows.map(({ id }) => id)).size === rows.length;
        if (isOnce && want.length > 0 && Bun.deepEquals(have, want)) return [];
        if (Date.now() > deadline) {
          const at = want.findIndex((row, place) => row !== have[place]);
          return [`reader ${index + 1} does not show what the hub has: ${isOnce ? `${have[at]} for ${want[at]}` : "a row twice"}`];
        }
        await delay(100);
      }
    }),
  );
  return found.flat();
}
