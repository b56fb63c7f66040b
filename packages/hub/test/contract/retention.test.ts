/** What the hub deletes by itself, what it never does, and where the room of deleted rows goes. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hubStatus } from "@hapi/hub";
import { silentLogger, type Logger } from "@hapi/platform";
import { connectHub, createManualClock, startTestHub, type HubClient, type ManualClock, type TestHub } from "@hapi/testkit";
import { agentText } from "./setup.ts";

const homes: string[] = [];
const open: TestHub[] = [];
afterEach(async () => {
  for (const hub of open.splice(0)) await hub.close();
});
afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

const dayMs = 24 * 3600_000;
const start = Date.now();

interface Said {
  event: string;
  [key: string]: unknown;
}

async function hubOn(home: string, clock: ManualClock): Promise<{ hub: TestHub; client: HubClient; said: Said[] }> {
  const said: Said[] = [];
  const say = (event: string, fields?: Record<string, unknown>): void => void said.push({ event, ...fields });
  const log: Logger = { ...silentLogger, info: say, warn: say, error: say };
  const hub = await startTestHub({ home, clock, log });
  open.push(hub);
  return { hub, client: await connectHub(hub), said };
}

function newHome(settings: Record<string, unknown> = {}): string {
  const home = mkdtempSync(join(tmpdir(), "hapi-retain-"));
  homes.push(home);
  writeFileSync(join(home, "settings.json"), JSON.stringify({ other: "kept", ...settings }));
  return home;
}

const idsOf = async (client: HubClient): Promise<string[]> =>
  ((await client.api("GET", "/sessions")).body["sessions"] as { id: string }[]).map(({ id }) => id);

/** An ended session with one message. */
async function ended(client: HubClient, clock: ManualClock): Promise<string> {
  const { id, socket } = await client.session();
  await socket.emitWithAck("message", { sid: id, key: `k-${id}`, message: agentText(`secret words of ${id}`) });
  socket.emit("session-end", { sid: id, time: clock.now(), reason: "completed" });
  await socket.emitWithAck("ping");
  socket.close();
  return id;
}

test("without a setting nothing is ever deleted", async () => {
  const clock = createManualClock(start);
  const home = newHome();
  const { client, said } = await hubOn(home, clock);
  const id = await ended(client, clock);
  await client.api("POST", `/sessions/${id}/archive`);
  await clock.advance(1);
  const body = { deleteArchivedAfterDays: null, deleteInactiveAfterDays: null, databaseWarnMegabytes: 4096 };
  expect((await client.api("GET", "/storage/retention")).body).toEqual(body);
  await leap(clock, 4_000);
  expect(await idsOf(await again())).toEqual([id]);
  expect(said.filter(({ event }) => event.startsWith("retention."))).toEqual([]);
});

/** Days pass, then the hub looks. Its timers are not run day by day: a hub that was away for so long does the same. */
async function leap(clock: ManualClock, days: number): Promise<void> {
  const { now } = clock;
  const passed = days * dayMs;
  clock.now = () => now() + passed;
  await clock.advance(65_000);
}

/** Logged in anew: years have passed. */
function again(): Promise<HubClient> {
  return connectHub(open.at(-1) as TestHub);
}

test("archived and inactive sessions go when they are old enough; pinned, running, waited for and younger ones stay", async () => {
  const clock = createManualClock(start);
  const home = newHome({ deleteArchivedAfterDays: 30 });
  const { client, said, hub } = await hubOn(home, clock);
  const [oldArchived, oldInactive, pinned, waiting, lateArchived] = [
    await ended(client, clock),
    await ended(client, clock),
    await ended(client, clock),
    await ended(client, clock),
    await ended(client, clock),
  ];
  const running = await client.session();
  for (const id of [oldArchived, pinned]) await client.api("POST", `/sessions/${id}/archive`);
  await client.api("PUT", `/sessions/${pinned}/pin`, { mode: "global" });
  // To a session that is away, without waking it: it waits there.
  expect((await client.api("POST", `/sessions/${waiting}/messages`, { text: "later", localId: "l", wake: true })).status).toBe(200);
  await leap(clock, 29);
  const month = await again();
  expect(await idsOf(month)).toHaveLength(6);
  await month.api("POST", `/sessions/${lateArchived}/archive`);
  running.socket.emit("session-alive", { sid: running.id, time: clock.now() });
  await running.socket.emitWithAck("ping");

  const events = await month.sse();
  await leap(clock, 2);
  // A round an hour.
  running.socket.emit("session-alive", { sid: running.id, time: clock.now() });
  await running.socket.emitWithAck("ping");
  await events.find(({ event }) => event.type === "session-removed" && event["sessionId"] === oldArchived);
  const now = await again();
  expect((await idsOf(now)).toSorted()).toEqual([oldInactive, pinned, waiting, lateArchived, running.id].toSorted());
  expect(said.filter(({ event }) => event === "retention.session_deleted")).toEqual([
    { event: "retention.session_deleted", sessionId: oldArchived, rule: "deleteArchivedAfterDays", days: 30 },
  ]);

  // Changed while it runs; other keys of the file are kept.
  const answer = await now.api("PUT", "/storage/retention", { deleteInactiveAfterDays: 10 });
  expect(answer.body).toMatchObject({ deleteArchivedAfterDays: 30, deleteInactiveAfterDays: 10 });
  expect(JSON.parse(readFileSync(join(home, "settings.json"), "utf8"))).toMatchObject({ other: "kept", deleteInactiveAfterDays: 10 });
  await leap(clock, 1);
  await events.find(({ event }) => event.type === "session-removed" && event["sessionId"] === oldInactive);
  const left = await idsOf(await again());
  expect(left).toContain(pinned);
  expect(left).toContain(waiting);
  expect(left).toContain(lateArchived);
  await events.close();
  running.socket.close();
  await hub.close();
  expect(await hubStatus(home)).toMatchObject({ cleaned: { sessions: 1, sessionsInAll: 2 }, retention: { deleteInactiveAfterDays: 10 } });
  const files = ["hub.sqlite", "hub.sqlite-wal"].map((name) => readFileSync(join(home, name), { flag: "a+" }).toString("latin1")).join("");
  expect(files).not.toContain(`secret words of ${oldArchived}`);
  expect(files).toContain(`secret words of ${pinned}`);
});

test("only the owner reads and changes it, and only to what makes sense", async () => {
  const clock = createManualClock(start);
  const { hub, client } = await hubOn(newHome(), clock);
  const other = await connectHub(hub, "someone");
  expect(await other.api("GET", "/storage/retention")).toMatchObject({ status: 403, body: { code: "owner_only" } });
  expect(await other.api("PUT", "/storage/retention", { deleteInactiveAfterDays: 1 })).toMatchObject({ status: 403 });
  for (const deleteInactiveAfterDays of [0, -1, 1.5, "7"])
    expect(await client.api("PUT", "/storage/retention", { deleteInactiveAfterDays })).toMatchObject({
      status: 400,
      body: { code: "invalid_body" },
    });
});

test("a setting by hand that makes no sense deletes nothing", async () => {
  const clock = createManualClock(start);
  const { client } = await hubOn(newHome({ deleteArchivedAfterDays: -3, deleteInactiveAfterDays: "soon" }), clock);
  await ended(client, clock);
  await leap(clock, 1_000);
  expect(await idsOf(await again())).toHaveLength(1);
});

test("room of deleted rows goes back to the disk by itself; text of a session deleted during a backup leaves it afterwards", async () => {
  const home = newHome();
  const clock = createManualClock(start);
  const first = await hubOn(home, clock);
  const { id, socket } = await first.client.session();
  for (let n = 0; n < 600; n += 30)
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        socket.emitWithAck("message", { sid: id, key: `k${n + i}`, message: agentText(`findable ${"x".repeat(50_000)}`, `k${n + i}`) }),
      ),
    );
  socket.emit("session-end", { sid: id, time: clock.now(), reason: "completed" });
  await socket.emitWithAck("ping");
  socket.close();
  const path = join(home, "hub.sqlite");
  /** Whole: while the hub writes, a part of it stays behind. */
  const checkpoint = async (): Promise<void> => {
    const db = new Database(path);
    const whole = db.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)");
    while (whole.get()?.busy !== 0) await new Promise((resolve) => setImmediate(resolve));
    db.close();
  };
  await checkpoint();
  const before = statSync(path).size;
  expect(before).toBeGreaterThan(25_000_000);
  // Somebody reads for long, as a backup does. Nobody waits for it.
  const reader = new Database(path);
  reader.exec("BEGIN");
  reader.query("SELECT count(*) FROM messages").get();
  // It answers while the reader reads on: had it waited, this would never end.
  expect((await first.client.api("DELETE", `/sessions/${id}`)).status).toBe(200);
  reader.exec("COMMIT");
  reader.close();
  await clock.advance(3_000);
  expect(readFileSync(`${path}-wal`).includes("findable")).toBe(false);
  expect(readFileSync(path).includes("findable")).toBe(false);
  expect((await hubStatus(home))?.freePages).toBeGreaterThan(5_000);

  for (let round = 0; round < 50 && !first.said.some(({ event }) => event === "database.shrunk"); round++) await clock.advance(61_000);
  expect(first.said.find(({ event }) => event === "database.shrunk")).toBeDefined();
  await checkpoint();
  expect(statSync(path).size).toBeLessThan(before / 5);
});
