/**
 * One schedule: a hub, a machine with one session, two people, and what goes wrong for them, all in this process and all from one seed. Product
 * code is real; wires, disks' delays, the agent and time are the world's. Ends when everything has come to rest, and says what the checker says.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DriverLog } from "@hapi/agents";
import { createHubApi, type HubApi } from "@hapi/client";
import { connectMachine, type MachineLink } from "@hapi/client/link";
import { createSession } from "@hapi/machine";
import { type Logger, silentLogger } from "@hapi/platform";
import { isFinalStage } from "@hapi/core";
import type { Message } from "@hapi/protocol";
import { type AcceptedPrompt, checkHistory, type History, type Violation } from "@hapi/testkit";
import { databaseFile, openHubDatabase } from "../../packages/hub/src/db/open.ts";
import { createSimHost, newRecord, type SimHost } from "./agent.ts";
import { createHubProcess, type HubPlants, type HubProcess, TOKEN } from "./hub-process.ts";
import { createNetwork } from "./network.ts";
import { createPerson, type Person } from "./person.ts";
import { chanceOf } from "./random.ts";
import { HUB_URL, type SessionPlants, type SessionProcess, startSessionProcess } from "./session-process.ts";
import { createVirtualTime } from "./time.ts";

export interface Plants extends HubPlants, SessionPlants {
  /** The host writes again what it has written before, and does not remember that it did. */
  hostForgetsInputs?: boolean;
}

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
  history: History;
}

const FAULTS = [
  "hub killed",
  "hub lost power",
  "session process killed",
  "agent killed",
  "host killed",
  "machine lost power",
  "app killed",
  "session cut off",
  "session frozen",
  "session blocked",
  "app cut off",
  "app frozen",
  "app blocked",
  "everything killed",
] as const;
type Fault = (typeof FAULTS)[number];

const SESSION = "11111111-1111-4111-8111-111111111111";
const MACHINE = "machine-1";
/** After this the world is calm, and everything must come to rest. */
const STORM_MS = 45_000;
/** A person asks for a session again that did not come by itself. */
const ASK_AGAIN_MS = 120_000;
/** What has not come to rest after this never will. */
const REST_MS = 30 * 60_000;
const LOOK_MS = 2_000;

let template: string | null = null;

/** A new database file costs a hundred statements: it is made once. */
function freshHubHome(root: string): string {
  const home = join(root, "hub");
  mkdirSync(home, { mode: 0o700 });
  if (template === null) {
    const made = mkdtempSync(join(ramDir(), "hapi-sim-template-"));
    const { db } = openHubDatabase(made, "boot-1");
    void db.close();
    template = join(made, databaseFile);
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  }
  copyFileSync(template, join(home, databaseFile));
  return home;
}

/** Files are real, and thousands: in memory where the system offers that. */
function ramDir(): string {
  return existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
}

export async function runSchedule(seed: number, plants: Plants = {}, onLog?: DriverLog): Promise<Outcome> {
  const root = mkdtempSync(join(ramDir(), "hapi-sim-"));
  try {
    return await runIn(root, seed, plants, onLog);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function runIn(root: string, seed: number, plants: Plants, onLog?: DriverLog): Promise<Outcome> {
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
  const hubLog: Logger = {
    ...silentLogger,
    child: () => hubLog,
    error(event, fields) {
      if (hub.isUp) errors.push(`${event} ${JSON.stringify(fields)}`);
    },
  };
  const hub: HubProcess = createHubProcess({
    home: freshHubHome(root),
    time,
    network,
    chance: chance.fork("hub disk"),
    plants,
    log: hubLog,
  });
  const record = newRecord();
  const tells = plan.is(0.7);
  const character = { asks: plan.pick([0, 0.3, 0.7]), fails: plan.pick([0, 0, 0.15]) };
  const parkAfterMs = plan.pick([0, 0, 5_000]);
  const cwd = join(root, "work");
  mkdirSync(cwd);
  const home = join(root, "home");
  const { dir } = createSession({
    home,
    flavor: "simulated",
    cwd,
    machineId: MACHINE,
    hubUrl: HUB_URL,
    startedBy: "runner",
    startingMode: "remote",
    sessionId: SESSION,
    now: time.now,
  });
  const world = time.life();
  const unheard = new Set<string>();
  let isCalm = false;
  let hosts = 0;
  let host: SimHost | null = null;
  let session: SessionProcess | null = null;
  let lives = 0;
  let faults = 0;
  /** Starts of processes, one after the other. */
  let starting: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<unknown>): void => {
    starting = starting.then(work);
    void time.real(starting);
  };

  function newHost(): void {
    hosts++;
    host = createSimHost({
      sessionId: SESSION,
      number: hosts,
      time,
      chance: chance.fork(`host ${hosts}`),
      record,
      ...character,
      forgetsInputs: plants.hostForgetsInputs ?? false,
      isCalm: () => isCalm,
    });
    // As the host itself says in the session's file.
    const file = join(dir, "session.json");
    const known = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...known, host: { pid: 10_000 + hosts, startedAt: hosts } }));
    tell(`host ${hosts} starts`);
  }

  const startSession = (): void =>
    inTurn(async () => {
      if (!host?.alive || (session?.life.alive && !session.isOver)) return;
      await session?.kill();
      lives++;
      tell(`session process ${lives} starts`);
      session = await startSessionProcess(sessionOptions(host));
    });

  const settleSession = (): void =>
    inTurn(async () => {
      if (host?.alive) return;
      await session?.kill();
      lives++;
      tell(`session process ${lives} speaks for the lost host`);
      session = await startSessionProcess(sessionOptions(null));
    });

  function sessionOptions(on: SimHost | null): Parameters<typeof startSessionProcess>[0] {
    return {
      home,
      dir,
      time,
      network,
      chance: chance.fork(`session ${lives}`),
      host: on,
      lastHost: hosts,
      record,
      tells,
      parkAfterMs,
      plants,
      log,
    };
  }

  const killSession = (backAfterMs: number | null): void => {
    const old = session;
    if (!old) return;
    inTurn(() => old.kill());
    if (backAfterMs !== null) time.after(backAfterMs, startSession);
  };

  /** With its host goes what stood in its ring; what the session process had read by then is in its ledger. */
  const killHost = (backAfterMs: number, settles: boolean): void => {
    const dying = host;
    if (!dying?.alive) return;
    dying.die();
    killSession(null);
    inTurn(async () => {
      const written = readFileSync(join(dir, "ledger.jsonl"), "utf8");
      const ledger = written.slice(0, written.lastIndexOf("\n") + 1);
      for (const { text, host: number } of record.said)
        if (number === dying.number && !ledger.includes(JSON.stringify(text))) unheard.add(text);
    });
    time.after(backAfterMs, () => {
      if (host?.alive) return;
      if (settles) settleSession();
      else launch();
    });
  };

  function launch(): void {
    inTurn(async () => {
      if (host?.alive && !host.ended) return;
      await session?.kill();
      newHost();
    });
    startSession();
  }

  const startHub = (): void => inTurn(async () => hub.isUp || (tell("hub starts"), await hub.start()));
  const killHub = (how: "killed" | "power lost", backAfterMs: number): void => {
    if (!hub.isUp) return;
    inTurn(() => hub.kill(how));
    time.after(backAfterMs, startHub);
  };

  const people: Person[] = ["ada", "bo"].map((name) =>
    createPerson({ name, sessionId: SESSION, time, network, chance: chance.fork(name) }),
  );

  function strike(fault: Fault): void {
    faults++;
    tell(fault);
    const away = plan.pick([0, 50, 500, 3_000, 25_000]);
    const person = plan.pick(people);
    const wire = person.isOpen ? person.wire : null;
    switch (fault) {
      case "hub killed":
        return killHub("killed", away);
      case "hub lost power":
        return killHub("power lost", away);
      case "session process killed":
        return killSession(away);
      case "agent killed":
        return void host?.killAgent();
      case "host killed":
        return killHost(plan.between(100, 5_000), true);
      case "machine lost power":
        return killHost(plan.between(5_000, 20_000), plan.is(0.5));
      case "app killed":
        person.kill();
        return void time.after(away, () => void person.open());
      case "session cut off":
        return session?.wire.cut();
      case "session frozen":
        return session?.wire.freeze();
      case "session blocked":
        session?.wire.block(away);
        return session?.wire.cut();
      case "app cut off":
        return wire?.cut();
      case "app frozen":
        return wire?.freeze();
      case "app blocked":
        wire?.block(away);
        return wire?.cut();
      case "everything killed":
        killHub("killed", plan.between(0, 3_000));
        return killSession(plan.between(0, 3_000));
    }
  }

  // The runner: only what waking a session needs.
  const runner = time.life();
  const runnerWire = network.wire("runner", runner);
  const runnerReady: Promise<MachineLink> = connectMachine({
    hubUrl: HUB_URL,
    token: TOKEN,
    machineId: MACHINE,
    metadata: { host: "simulated", platform: "linux", happyCliVersion: "0.0.0" },
    clock: runner.clock,
    random: chance.fork("runner").next,
    fetch: runnerWire.fetch,
    dial: runnerWire.dial,
  });
  void runnerReady.then((link) => {
    link.handle("spawn-happy-session", async () => {
      tell("runner is asked to start the session");
      launch();
      return { type: "success", sessionId: SESSION };
    });
  });

  // What people do.
  let sent = 0;
  const send = (person: Person, scheduledInMs?: number): void => {
    // One can only write to a session that one has seen.
    if (!person.isOpen || !person.sync.state.summaries[SESSION]) return;
    const text = `say ${person.name} ${++sent}`;
    tell(`${person.name} sends "${text}"${scheduledInMs === undefined ? "" : ` for ${scheduledInMs} ms later`}`);
    void person.send(text, scheduledInMs);
  };
  const plannedSends = plan.between(2, 5);
  for (let n = 0; n < plannedSends; n++) {
    const person = plan.pick(people);
    const scheduled = plan.is(0.12) ? plan.between(500, 15_000) : undefined;
    const at = plan.between(0, STORM_MS - 20_000);
    time.after(at, () => send(person, scheduled));
    if (plan.is(0.2)) {
      time.after(at + plan.pick([1, 5, 20, 100, 1_000, 5_000]), () => {
        if (!person.isOpen) return;
        tell(`${person.name} takes the last prompt back`);
        void person.cancelLast();
      });
    }
  }
  const busy = (person: Person): void => {
    time.after(chance.fork("hands").between(300, 2_500), () => {
      person.answerOpen();
      if (plan.is(0.3)) person.sendUnknownAgain();
      busy(person);
    });
  };
  for (const person of people) busy(person);

  startHub();
  launch();
  for (const person of people) inTurn(() => person.open());

  // The storm: faults fall where things happen, which is where they hurt.
  const wanted = plan.between(0, 6);
  const chanceOfFault = wanted / 300;
  const kinds = plan.is(0.3) ? [plan.pick(FAULTS), plan.pick(FAULTS)] : FAULTS;
  while (time.now - startedAt < STORM_MS) {
    if (faults < wanted && plan.is(chanceOfFault)) strike(plan.pick(kinds));
    if (!(await time.step())) break;
  }
  isCalm = true;
  network.calm();
  tell("calm");

  const api = (): HubApi =>
    createHubApi({ baseUrl: HUB_URL, accessToken: () => TOKEN, fetch: network.wire("reader", world).fetch, clock: world.clock });
  const reader = api();
  const calmAt = time.now;
  let isResting = false;
  let rows: Message[] = [];
  const bySeq = (list: readonly Message[]): Message[] => list.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  const historyOf = (): History => ({
    rows: bySeq(rows),
    accepted: people.flatMap((person) => person.prompts.flatMap((prompt) => acceptedOf(person, prompt))),
    agent: {
      ran: record.prompts.map((prompt) => prompt.text),
      said: record.said.map((said) => said.text),
      unheard: [...unheard],
      answers: record.answers,
      tells: tells ? "always" : "never",
    },
    views: people.map((person) => {
      const window = person.sync.state.windows[SESSION];
      return { who: person.name, rows: bySeq([...(window?.rows ?? []), ...(window?.queued ?? [])]) };
    }),
  });
  const look = async (): Promise<void> => {
    for (const person of people) {
      await person.open();
      // They scroll to the beginning.
      if (person.sync.state.windows[SESSION]?.hasOlder) await person.sync.loadOlder(SESSION);
    }
    rows = await readAll(reader);
    isResting = atRest(people, rows, session, time.now) && checkHistory(historyOf()).every(({ kind }) => kind !== "view-differs");
    const waited = time.now - calmAt;
    if (!isResting && waited % ASK_AGAIN_MS < LOOK_MS && waited > LOOK_MS)
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
  for (const person of people) person.kill();
  runner.end();
  await (session as SessionProcess | null)?.kill();
  world.end();
  await hub.kill("killed");
  return { seed, violations: checkHistory(history), errors, story, steps: time.steps, carried: network.carried, faults, history };
}

function acceptedOf(person: Person, prompt: Person["prompts"][number]): AcceptedPrompt[] {
  const { localId, text, scheduled, again, cancel, stored } = prompt;
  // The app died before the device had it: nobody was told that it was kept.
  if (!stored) return [];
  const canceled = cancel === "taken" ? true : cancel === "wanted" ? ("unclear" as const) : undefined;
  return [{ localId, text, scheduled, again, canceled }];
}

async function readAll(api: HubApi): Promise<Message[]> {
  const rows = new Map<string, Message>();
  let before: { at: number; seq: number } | undefined;
  for (;;) {
    const { messages, page } = await api.messages.page(SESSION, { limit: 200, before });
    for (const message of messages) rows.set(message.id, message);
    if (!page.hasMore || page.nextBeforeAt === null || page.nextBeforeSeq === null) return [...rows.values()];
    before = { at: page.nextBeforeAt, seq: page.nextBeforeSeq };
  }
}

/** Nothing is under way any more, anywhere. */
function atRest(people: readonly Person[], rows: readonly Message[], session: SessionProcess | null, now: number): boolean {
  const isSettled = (row: Message): boolean => {
    if (!row.localId) return true;
    return row.stage !== undefined && (isFinalStage(row.stage) || row.stage === "unknown");
  };
  if (!rows.every(isSettled) || rows.some((row) => (row.scheduledAt ?? 0) > now && row.invokedAt == null)) return false;
  if (!session || (!session.isOver && session.ledger.state.outbox.size > 0)) return false;
  return people.every((person) => {
    if (person.unsent > 0 || person.sync.status.phase !== "online") return false;
    const { windows, refetch } = person.sync.state;
    return windows[SESSION]?.stale === false && !windows[SESSION]?.hasOlder && !refetch.list && Object.keys(refetch.sessions).length === 0;
  });
}
