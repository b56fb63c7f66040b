/** Facts reach their consumers: every one, in order, over restarts and failures, and none of them late at night. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import fc from "fast-check";
import { openStores, type OpenStores } from "../testing.ts";
import { createFactFeed, type FactConsumer, type FactFeed } from "./feed.ts";
import type { StoredFacts } from "./store.ts";

const scratch = mkdtempSync(join(tmpdir(), "hapi-feed-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const hour = 3_600_000;

/** Some turns of the event loop: everything that needs no time has happened. */
async function turn(): Promise<void> {
  for (let times = 0; times < 12; times++) await new Promise((resolve) => setImmediate(resolve));
}

let close = async (): Promise<void> => undefined;
afterEach(() => close());

async function open() {
  const clock = createManualClock();
  const path = join(mkdtempSync(join(scratch, "home-")), "db");
  const openAgain = (): OpenStores => openStores({ path, now: () => clock.now(), log: silentLogger });
  let opened = openAgain();
  let feed: FactFeed | null = null;
  const created = await opened.stores.sessions.create({ namespace: "ns", tag: "t", metadata: null, agentState: null });
  const id = created.kind === "conflict" ? "" : created.session.id;
  let count = 0;
  const rig = {
    clock,
    stores: () => opened.stores,
    settled: () => opened.stores.settled(),
    start(...consumers: FactConsumer[]) {
      const { stores, bus } = opened;
      feed = createFactFeed({ store: stores.facts, bus, clock, log: silentLogger, settled: () => rig.settled() }, consumers);
      feed.start();
      return turn();
    },
    /** @returns what `taken` names it by. */
    async say(kind: "turn-started" | "usage" = "turn-started"): Promise<number> {
      count += 1;
      const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
      const facts = [kind === "usage" ? { kind, usage } : { kind }];
      await opened.stores.messages.append(id, { content: {}, text: "{}", isContent: false, isWork: false, facts });
      return count;
    },
    async stop() {
      await feed?.stop();
      feed = null;
    },
    async restart(...consumers: FactConsumer[]) {
      await rig.stop();
      await opened.close();
      opened = openAgain();
      await rig.start(...consumers);
    },
    /** As the end of the process without its last words: its consumers have to be dead by themselves. */
    async crash(...consumers: FactConsumer[]) {
      feed = null;
      await opened.close();
      opened = openAgain();
      await rig.start(...consumers);
    },
  };
  close = async () => {
    await rig.stop();
    await opened.close();
    close = async () => undefined;
  };
  return rig;
}

interface Listener extends FactConsumer {
  readonly taken: number[];
  /** Its answer to what it is given; absent: it takes it. */
  answer(seq: number): Promise<void>;
}

function listener(name: string, patch: Partial<FactConsumer> = {}): Listener {
  const made: Listener = {
    name,
    kinds: ["turn-started"],
    maxAgeMs: Number.POSITIVE_INFINITY,
    taken: [],
    answer: async () => undefined,
    ...patch,
    async take({ seq }: StoredFacts) {
      made.taken.push(seq ?? 0);
      await made.answer(seq ?? 0);
    },
  };
  return made;
}

test("a consumer is given what concerns it, in order, from its first start on; a restart begins where it was", async () => {
  const rig = await open();
  await rig.say();
  const first = listener("a");
  await rig.start(first);
  const heard = [await rig.say(), await rig.say()];
  await rig.say("usage");
  heard.push(await rig.say());
  await turn();
  expect(first.taken).toEqual(heard);
  await rig.stop();
  const away = [await rig.say(), await rig.say()];
  const second = listener("a");
  await rig.restart(second);
  expect(second.taken).toEqual(away);
  const newcomer = listener("b");
  await rig.restart(listener("a"), newcomer);
  expect(newcomer.taken).toEqual([]);
});

test("one that throws is asked again with growing pauses, and holds up nobody else", async () => {
  const rig = await open();
  const bad = listener("bad");
  const at: number[] = [];
  const began = rig.clock.now();
  bad.answer = async () => {
    at.push(rig.clock.now() - began);
    if (at.length < 9) throw new Error("not now");
  };
  const good = listener("good");
  await rig.start(bad, good);
  const said = [await rig.say(), await rig.say()];
  await turn();
  expect(good.taken).toEqual(said);
  for (let seconds = 0; seconds < 200; seconds++) await rig.clock.advance(1_000);
  await turn();
  const [one, two] = said;
  expect(bad.taken).toEqual([...Array.from({ length: 9 }, () => one), two] as number[]);
  expect(at.slice(0, 9)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183].map((seconds) => seconds * 1_000));
});

test("what it could not take is given again after a restart, and one that never ends is given up after a while", async () => {
  const rig = await open();
  const stuck = listener("c");
  stuck.answer = () => new Promise(() => undefined);
  await rig.start(stuck);
  const said = await rig.say();
  await turn();
  await rig.clock.advance(30_000);
  await rig.clock.advance(1_000);
  expect(stuck.taken).toEqual([said, said]);
  const next = listener("c");
  await rig.restart(next);
  expect(next.taken).toEqual([said]);
});

test("with several in its hands the cursor stays before the first that is not done", async () => {
  const rig = await open();
  const many = listener("d", { atOnce: 3 });
  many.answer = (seq) => (seq === 2 ? new Promise(() => undefined) : Promise.resolve());
  await rig.start(many);
  for (let times = 0; times < 4; times++) await rig.say();
  await turn();
  expect(many.taken).toEqual([1, 2, 3, 4]);
  const next = listener("d", { atOnce: 3 });
  await rig.restart(next);
  expect(next.taken).toEqual([2, 3, 4]);
});

test("what is older than a consumer wants is passed over, also one that it fails to take until then", async () => {
  const rig = await open();
  const patient = listener("patient");
  await rig.start(patient, listener("hasty", { maxAgeMs: 120_000 }));
  await rig.stop();
  const old = await rig.say();
  await rig.clock.advance(3 * hour);
  const hasty = listener("hasty", { maxAgeMs: 120_000 });
  hasty.answer = () => Promise.reject(new Error("never"));
  await rig.restart(patient, hasty);
  expect([patient.taken, hasty.taken]).toEqual([[old], []]);
  const poison = await rig.say();
  await turn();
  for (let minutes = 0; minutes < 5; minutes++) await rig.clock.advance(60_000);
  expect(new Set(hasty.taken)).toEqual(new Set([poison]));
  hasty.answer = async () => undefined;
  const next = await rig.say();
  await turn();
  expect(hasty.taken.at(-1)).toBe(next);
});

test("a store that fails for a moment is asked again; what is taken back is never given", async () => {
  const rig = await open();
  const calm = listener("e");
  await rig.start(calm);
  const { facts } = rig.stores();
  const after = facts.after.bind(facts);
  const { settled } = rig;
  let reads = 0;
  facts.after = (place, limit) => (++reads === 1 ? Promise.reject(new Error("disk")) : after(place, limit));
  rig.settled = () => (reads === 2 ? Promise.reject(new Error("taken back")) : settled());
  const said = await rig.say();
  await turn();
  await rig.clock.advance(1_000);
  await turn();
  expect([reads, calm.taken]).toEqual([2, []]);
  await rig.clock.advance(2_000);
  await turn();
  expect(calm.taken).toEqual([said]);
});

test("whatever fails and whenever the hub ends, each fact is taken, for the first time in order", async () => {
  const step = fc.constantFrom("say" as const, "other" as const, "fail" as const, "restart" as const, "crash" as const, "time" as const);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const rig = await open();
      const taken: number[] = [];
      let failures = 0;
      let living = 0;
      const consumer = (): Listener => {
        const one = listener("p");
        const own = ++living;
        one.answer = async (seq) => {
          if (own !== living) return;
          if (failures > 0) {
            failures -= 1;
            throw new Error("by chance");
          }
          taken.push(seq);
        };
        return one;
      };
      await rig.start(consumer());
      const said: number[] = [];
      for (const kind of steps) {
        if (kind === "say") said.push(await rig.say());
        else if (kind === "other") await rig.say("usage");
        else if (kind === "fail") failures = 2;
        else if (kind === "time") await rig.clock.advance(7_000);
        else if (kind === "restart") {
          await rig.stop();
          await rig.restart(consumer());
        } else await rig.crash(consumer());
      }
      failures = 0;
      for (let minutes = 0; minutes < 5; minutes++) {
        await rig.clock.advance(60_000);
        await turn();
      }
      await close();
      expect([...new Set(taken)]).toEqual(said);
    }),
    { numRuns: 25 },
  );
});
