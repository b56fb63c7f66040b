/**
 * One schedule: a hub, a machine with one session, two people, and what goes wrong for them, all in this process and all from one seed. Product
 * code is real; wires, disks' delays, the agent and time are the world's. Ends when everything has come to rest, and says what the checker says.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DriverLog } from "@hapi/agents";
import { createHubApi } from "@hapi/client";
import { type Logger, silentLogger } from "@hapi/platform";
import type { Message } from "@hapi/protocol";
import { checkHistory, type History, type Violation } from "@hapi/testkit";
import { type AgentKind, agentOf, type AgentPlants } from "./agents.ts";
import { createFaults, FAULTS } from "./faults.ts";
import { freshHubHome, ramDir } from "./hub-home.ts";
import { createHubProcess, type HubPlants, type HubProcess, TOKEN } from "./hub-process.ts";
import { createSimMachine, type MachinePlants, SESSION } from "./machine.ts";
import { createNetwork } from "./network.ts";
import { planPeople } from "./people.ts";
import { createPerson, type Person } from "./person.ts";
import { chanceOf } from "./random.ts";
import { acceptedOf, atRest, forgottenOf, readAll } from "./rest.ts";
import { HUB_URL } from "./session-process.ts";
import type { Told } from "./sim-agent.ts";
import { createVirtualTime } from "./time.ts";
import { createTypist } from "./typist.ts";

export type Plants = HubPlants & MachinePlants & AgentPlants;

export interface Outcome {
  seed: number;
  violations: readonly Violation[];
  /** What the hub said of itself. */
  errors: readonly string[];
  /** What was done to it, in order. */
  story: readonly string[];
  steps: number;
  carried: number;
  faults: number;
  /** Prompts that went into a running turn. */
  steered: number;
  /** How often a reader that had fallen behind had to read afresh. */
  gaps: number;
  history: History;
}

/** After this the world is calm, and everything must come to rest. */
const STORM_MS = 45_000;
/** A calm hub knows by then what each prompt waits for. */
const FORGOTTEN_MS = 30_000;
/** A person asks for a session again that says that it waits for one. */
const ASK_AGAIN_MS = 120_000;
/** What has not come to rest after this never will. */
const REST_MS = 30 * 60_000;
/** And what is still untrue of it so long after nothing waits any more stays so. */
const SETTLED_MS = 120_000;
const LOOK_MS = 2_000;

export interface ScheduleOptions {
  /** Which agent there is. */
  agent?: AgentKind;
  plants?: Plants;
  onLog?: DriverLog;
}

export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<Outcome> {
  const root = mkdtempSync(join(ramDir(), "hapi-sim-"));
  try {
    return await runIn(root, seed, options);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const startingModeOf = (kind: AgentKind): "local" | "remote" => (kind === "terminal" ? "local" : "remote");

async function runIn(root: string, seed: number, { agent: kind = "acp", plants = {}, onLog }: ScheduleOptions): Promise<Outcome> {
  const chance = chanceOf(seed);
  const plan = chance.fork("plan");
  const time = createVirtualTime();
  const startedAt = time.now;
  const story: string[] = [];
  const tell = (what: string): void => void story.push(`${((time.now - startedAt) / 1000).toFixed(3)}s ${what}`);
  const quiet = (): void => undefined;
  const log: DriverLog = onLog ?? { debug: quiet, info: quiet, warn: quiet };
  const network = createNetwork({
    time,
    chance: chance.fork("network"),
    faults: plan.is(0.5) ? { lostRequest: 0.02, lostAnswer: 0.03, twice: 0.02 } : { lostRequest: 0, lostAnswer: 0, twice: 0 },
  });
  // What the hub itself takes for its own fault.
  const errors: string[] = [];
  const forgotten = new Set<string>();
  const nothingSince = new Map<string, number>();
  const hubLog: Logger = {
    ...silentLogger,
    child: () => hubLog,
    error(event, fields) {
      if (hub.isUp) errors.push(`${event} ${JSON.stringify(fields)}`);
    },
    warn(event, fields) {
      // It found one that waited for nothing, and went on to help.
      if (hub.isUp && event === "prompt.poked") forgotten.add(JSON.stringify(fields));
    },
  };
  const hub: HubProcess = createHubProcess({
    home: freshHubHome(root),
    time,
    network,
    chance: chance.fork("hub disk"),
    plants,
    patience: plan.pick([undefined, { bytes: 1_000, entries: 5_000 }, { bytes: 1_000, entries: 12 }]),
    log: hubLog,
  });
  const tells = plan.is(0.7);
  const character = { asks: plan.pick([0, 0.3, 0.7]), fails: plan.pick([0, 0, 0.15]) };
  const parkAfterMs = plan.pick([0, 0, 5_000]);
  const world = time.life();
  let isCalm = false;
  let faults = 0;
  let starting: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<unknown>): void => {
    starting = starting.then(work);
    void time.real(starting);
  };

  const agent = agentOf(kind, {
    time,
    chance,
    character,
    tells,
    plants,
    cwd: join(root, "work"),
    hook: (payload, call) => machine.hook(payload, call),
    isCalm: () => isCalm,
  });
  const machine = createSimMachine({
    root,
    time,
    network,
    chance,
    agent,
    parkAfterMs,
    startingMode: startingModeOf(kind),
    plants,
    log,
    tell,
    inTurn,
  });
  const startHub = (): void => inTurn(async () => hub.isUp || (tell("hub starts"), await hub.start()));
  const killHub = (how: "killed" | "power lost", backAfterMs: number): void => {
    if (!hub.isUp) return;
    inTurn(() => hub.kill(how));
    time.after(backAfterMs, startHub);
  };

  const people: Person[] = ["ada", "bo"].map((name) =>
    createPerson({ name, sessionId: SESSION, time, network, chance: chance.fork(name) }),
  );

  const strike = createFaults({ plan, time, machine, people, killHub, tell });
  machine.startRunner();
  planPeople({ people, plan, chance, time, stormMs: STORM_MS, tell, stops: kind === "acp" ? undefined : chance.fork("stops") });

  startHub();
  machine.launch();
  const { asking } = agent;
  const typist = asking && createTypist({ time, plan: chance.fork("typist"), stormMs: STORM_MS, host: () => machine.host, asking, tell });
  for (const person of people) inTurn(() => person.open());

  // The storm: faults fall where things happen, which is where they hurt.
  const wanted = plan.between(0, 6);
  const chanceOfFault = wanted / 300;
  const kinds = plan.is(0.3) ? [plan.pick(FAULTS), plan.pick(FAULTS)] : FAULTS;
  while (time.now - startedAt < STORM_MS) {
    if (faults < wanted && plan.is(chanceOfFault)) {
      faults++;
      strike(plan.pick(kinds));
    }
    if (!(await time.step())) break;
  }
  isCalm = true;
  network.calm();
  typist?.calm();
  tell("calm");

  const wire = network.wire("reader", world);
  const reader = createHubApi({ baseUrl: HUB_URL, accessToken: () => TOKEN, fetch: wire.fetch, clock: world.clock });
  const calmAt = time.now;
  let isResting = false;
  let rows: Message[] = [];
  const bySeq = (list: readonly Message[]): Message[] => list.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  const historyOf = (): History => ({
    rows: bySeq(rows),
    accepted: people.flatMap((person) => person.prompts.flatMap((prompt) => acceptedOf(person, prompt))),
    agent: { ...agent.truth, unheard: [...machine.unheard] },
    views: people.map((person) => {
      const window = person.sync.state.windows[SESSION];
      return { who: person.name, rows: bySeq([...(window?.rows ?? []), ...(window?.queued ?? [])]) };
    }),
  });
  const toldNow = (): Told => {
    const session = people[0]?.sync.state.sessions[SESSION];
    return { rows: bySeq(rows), state: session?.agentState ?? null, thinking: session?.thinking === true };
  };
  let untrueSince: number | null = null;
  /** Of a terminal: nothing is done there any more, and what it did is told. */
  const isTrue = (): boolean => {
    if (!typist) return true;
    if (agent.isAtWork) untrueSince = null;
    else untrueSince ??= time.now;
    // Whoever reads its record gets some time for that, and a fault much, so that none is found that was only late.
    const forMs = time.now - (untrueSince ?? time.now);
    return forMs >= (agent.check(toldNow()).length === 0 ? LOOK_MS : SETTLED_MS);
  };
  const watch = (now: readonly string[]): void => {
    for (const localId of nothingSince.keys()) if (!now.includes(localId)) nothingSince.delete(localId);
    for (const localId of now) {
      const since = nothingSince.get(localId) ?? time.now;
      nothingSince.set(localId, since);
      if (time.now - since >= FORGOTTEN_MS) forgotten.add(localId);
    }
  };
  const look = async (): Promise<void> => {
    for (const person of people) {
      await person.open();
      // They scroll to the beginning.
      if (person.sync.state.windows[SESSION]?.hasOlder) await person.sync.loadOlder(SESSION);
    }
    rows = await readAll(reader);
    isResting =
      atRest(people, rows, machine.session, time.now) && checkHistory(historyOf()).every((one) => one.kind !== "view-differs") && isTrue();
    const waited = time.now - calmAt;
    watch(forgottenOf(rows, time.now));
    const asksPerson = rows.some(({ waiting, invokedAt }) => invokedAt == null && waiting?.for === "person");
    if (!isResting && asksPerson && waited % ASK_AGAIN_MS < LOOK_MS && waited > LOOK_MS)
      await reader.sessions.resume(SESSION).catch((cause: unknown) => cause);
  };
  const lookAgain = (): void => {
    time.after(
      LOOK_MS,
      () =>
        void look()
          .catch((cause: unknown) => cause)
          .then(() => isResting || lookAgain()),
    );
  };
  lookAgain();
  while (!isResting && time.now - calmAt < REST_MS) if (!(await time.step())) break;
  tell(isResting ? "at rest" : "never came to rest");
  await time.settle();

  const history = historyOf();
  const told = toldNow();
  for (const person of people) person.kill();
  await machine.stop();
  world.end();
  await hub.kill("killed");
  return {
    seed,
    violations: [
      ...checkHistory(history),
      ...agent.check(told),
      ...[...forgotten].map((what) => ({ kind: "prompt-forgotten" as const, what })),
    ],
    errors,
    story,
    steps: time.steps,
    carried: network.carried,
    faults,
    steered: agent.steered,
    gaps: network.gaps,
    history,
  };
}
