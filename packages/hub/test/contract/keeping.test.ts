/** Backup under load, restore on an empty, a stopped and a running hub, and every file that must not be restored. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHubApi, createSyncEngine, type SyncEngine } from "@hapi/client";
import { createSessionLink, type SessionLink } from "@hapi/client/link";
import { checkHub, hubStatus, makeBackup, restoreHub, type Restored } from "@hapi/hub";
import type { SyncState } from "@hapi/core";
import { connectHub, createManualClock, startTestHub, type TestHub } from "@hapi/testkit";
import { agentText } from "./setup.ts";

const homes: string[] = [];
const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), "hapi-keep-"));
  homes.push(home);
  return home;
};
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});
afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

const version = "9.9.9";
const token = "keeping-secret-0123456789";

async function hubOn(home: string): Promise<TestHub> {
  const hub = await startTestHub({ home, token });
  cleanups.push(() => hub.close());
  return hub;
}

const backupOf = (home: string, target?: string) =>
  makeBackup({ home, version, now: Date.now(), ...(target === undefined ? {} : { target }) });

function restoreTo(home: string, file: string, hub?: TestHub): Promise<Restored | null> {
  return restoreHub({
    home,
    file,
    confirm: async () => true,
    async askHub(id) {
      if (!hub) throw new Error("no hub should run here");
      const client = await connectHub(hub);
      const answer = await client.api("POST", "/storage/restore", { id });
      expect(answer).toMatchObject({ status: 202, body: { ok: true, id } });
    },
  });
}

/** The home's database without a hub. */
function rowsOf<Row>(home: string, sql: string): Row[] {
  const db = new Database(join(home, "hub.sqlite"));
  const rows = db.query(sql).all() as Row[];
  db.close();
  return rows;
}

async function filled(hub: TestHub, count: number, name = "m"): Promise<{ id: string; texts: string[] }> {
  const client = await connectHub(hub);
  const { id, socket } = await client.session();
  const texts = Array.from({ length: count }, (_, n) => `${name}-${n}`);
  await Promise.all(texts.map((text) => socket.emitWithAck("message", { sid: id, key: text, message: agentText(text, text) })));
  socket.close();
  return { id, texts };
}

function textsIn(state: SyncState, id: string): string[] {
  return (state.windows[id]?.rows ?? []).map((row) => JSON.stringify(row)).flatMap((row) => /"message":"([^"]*)"/.exec(row)?.[1] ?? []);
}

function syncWith(hub: TestHub): { engine: SyncEngine; until(fits: (state: SyncState) => boolean, what: string): Promise<SyncState> } {
  const waiting = new Set<() => void>();
  const engine = createSyncEngine({
    api: createHubApi({ baseUrl: hub.url, accessToken: () => token }),
    onChange: () => waiting.forEach((look) => look()),
  });
  cleanups.push(() => engine.stop());
  const until = (fits: (state: SyncState) => boolean, what: string): Promise<SyncState> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the client never saw: ${what}`)), 20_000);
      const look = (): void => {
        if (!fits(engine.state)) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(engine.state);
      };
      waiting.add(look);
      look();
    });
  return { engine, until };
}

test("a backup of a hub under load holds what was acknowledged before it, is whole, private, and is never written over", async () => {
  const home = newHome();
  const hub = await hubOn(home);
  const client = await connectHub(hub);
  const { id, socket } = await client.session();
  let acked = 0;
  let sent = 0;
  let stop = false;
  const writer = (async () => {
    while (!stop) {
      const key = `k${sent++}`;
      await socket.emitWithAck("message", { sid: id, key, message: agentText(key, key) });
      acked += 1;
    }
  })();
  while (acked < 200) await new Promise((resolve) => setImmediate(resolve));
  const before = acked;
  const made = await backupOf(home);
  expect(acked).toBeGreaterThan(before);
  stop = true;
  await writer;
  socket.close();
  expect(made).toMatchObject({ version, sessions: 1, problems: [], freePages: 0 });
  expect(made.messages).toBeGreaterThanOrEqual(before);
  expect(made.path.startsWith(join(home, "backups"))).toBe(true);
  expect(statSync(made.path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(home, "backups"))).toHaveLength(1);
  const db = new Database(made.path, { readonly: true });
  expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  const seqs = db.query("SELECT seq FROM messages ORDER BY seq").values().flat() as number[];
  db.close();
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  await expect(backupOf(home, made.path)).rejects.toMatchObject({ code: "backup_exists" });
  await expect(backupOf(home, join(home, "none", "x.sqlite"))).rejects.toMatchObject({ code: "invalid_query" });
  await expect(backupOf(newHome())).rejects.toMatchObject({ code: "not_found" });
});

test("into an empty home: everything is there and everybody stays signed in", async () => {
  const home = newHome();
  const first = await startTestHub({ home, token });
  const { id, texts } = await filled(first, 20);
  const jwt = await first.login();
  const { path } = await backupOf(home);
  await first.close();
  const other = newHome();
  const restored = await restoreTo(other, path);
  expect(restored).toMatchObject({ sessions: 1, messages: 20, keptAs: null, isRunning: false });
  expect(readFileSync(join(other, "jwt-secret.json"), "utf8")).toBe(readFileSync(join(home, "jwt-secret.json"), "utf8"));
  expect(statSync(join(other, "hub.sqlite")).mode & 0o777).toBe(0o600);
  // The keys are in the backup only.
  expect(readFileSync(join(other, "hub.sqlite")).includes("secretBase64")).toBe(false);
  const hub = await hubOn(other);
  const answer = await fetch(`${hub.url}/api/sessions/${id}/messages?limit=200`, { headers: { authorization: `Bearer ${jwt}` } });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  for (const one of texts) expect(text).toContain(`"${one}"`);
  expect((await checkHub({ home: other, fix: false })).problems).toEqual([]);
});

test("over a running hub: clients show the backup, session processes register again and send what was not acknowledged", async () => {
  const home = newHome();
  const hub = await hubOn(home);
  const { id, texts } = await filled(hub, 5, "old");
  const made = await backupOf(home);

  // After the backup: another message in the old session, and a session the backup does not know.
  const client = await connectHub(hub);
  const socket = await client.socket({ token, clientType: "session-scoped", sessionId: id });
  await socket.emitWithAck("message", { sid: id, key: "late", message: agentText("late", "late") });
  await client.api("PATCH", `/sessions/${id}`, { name: "a name given after the backup" });
  socket.close();
  const young = crypto.randomUUID();
  const link: SessionLink = createSessionLink({ hubUrl: hub.url, token, sessionId: young });
  cleanups.push(() => link.close());
  const registration = { id: young, tag: young, metadata: { path: "/p", host: "h" }, agentState: null };
  await link.register(registration);
  const connected = (): Promise<void> =>
    new Promise((resolve) => {
      const off = link.on("connected", () => {
        off();
        resolve();
      });
    });
  const first = connected();
  link.open({});
  await first;

  const { engine, until } = syncWith(hub);
  await engine.start();
  engine.openSession(id);
  await until((state) => textsIn(state, id).includes("late") && young in state.summaries, "what is there before");
  await using sse = await client.sse();

  const again = connected();
  const restored = await restoreTo(home, made.path, hub);
  expect(restored).toMatchObject({ isRunning: true, sessions: 1, messages: 5 });
  expect(existsSync(restored?.keptAs ?? "")).toBe(true);
  await sse.closed;

  const after = await until((state) => !(young in state.summaries) && !textsIn(state, id).includes("late"), "the backup");
  expect(textsIn(after, id)).toEqual(texts);
  await until((state) => state.summaries[id]?.metadata?.name === undefined, "the name as it was");

  // A cursor of before means nothing any more.
  const later = await connectHub(hub);
  await using resumed = await later.sse(`all=true&lastEventId=${sse.lastId}`);
  expect(resumed.frames[0]?.event["data"]).toMatchObject({ resume: "gap" });

  // The session process comes back by itself, and what it still held is stored once.
  await again;
  await link.register(registration);
  await link.sendMessage({ key: "held", content: agentText("held", "held"), createdAt: Date.now() });
  await link.sendMessage({ key: "held", content: agentText("held", "held"), createdAt: Date.now() });
  const rows = (await later.cli("GET", `/sessions/${young}/messages?afterSeq=0`)).body["messages"] as unknown[];
  expect(rows).toHaveLength(1);
  await until((state) => young in state.summaries, "the session that registered again");
  // The key of what was lost is free again: a process that still holds it delivers it.
  const old = await later.socket({ token, clientType: "session-scoped", sessionId: id });
  await old.emitWithAck("message", { sid: id, key: "late", message: agentText("late", "late") });
  await old.emitWithAck("message", { sid: id, key: "old-0", message: agentText("old-0", "old-0") });
  old.close();
  await until((state) => textsIn(state, id).join() === [...texts, "late"].join(), "the message that came again");

  // Undone, as it says.
  await restoreTo(home, restored?.keptAs ?? "", hub);
  const undone = await until((state) => state.summaries[id]?.metadata?.name === "a name given after the backup", "what was kept");
  expect(undone.summaries[id]?.metadata?.name).toBeDefined();
  expect((await checkHub({ home, fix: false })).problems).toEqual([]);
  expect(await hubStatus(home)).toMatchObject({ isRunning: true, sessions: 2, messages: 6 });
});

test("prompts that waited at the time of the backup are shown as unknown and not delivered again by themselves", async () => {
  const home = newHome();
  const hub = await hubOn(home);
  const client = await connectHub(hub);
  const { id, socket } = await client.session();
  socket.close();
  const later = Date.now() + 3_600_000;
  expect((await client.api("POST", `/sessions/${id}/messages`, { text: "waits", localId: "w", wake: true })).status).toBe(200);
  expect((await client.api("POST", `/sessions/${id}/messages`, { text: "tomorrow", localId: "t", scheduledAt: later })).status).toBe(200);
  const { path } = await backupOf(home);
  await restoreTo(home, path, hub);
  const again = await connectHub(hub);
  const got: string[] = [];
  const back = await again.socket({ token, clientType: "session-scoped", sessionId: id, capabilities: ["stages"] });
  back.on("update", (update: { body: { message?: { localId?: string } } }, ack?: (answer: unknown) => void) => {
    got.push(update.body.message?.localId ?? "");
    ack?.({ ok: true });
  });
  back.emit("session-alive", { sid: id, time: Date.now() });
  await back.emitWithAck("ping");
  const { messages } = (await again.api("GET", `/sessions/${id}/messages?limit=50`)).body as { messages: Record<string, unknown>[] };
  expect(messages.find(({ localId }) => localId === "w")).toMatchObject({ stage: "unknown", deliveryState: "indeterminate" });
  expect(messages.find(({ localId }) => localId === "t")).toMatchObject({ stage: "accepted", scheduledAt: later });
  // A new one is delivered, and only that.
  await again.api("POST", `/sessions/${id}/messages`, { text: "new", localId: "n" });
  await back.emitWithAck("ping");
  expect(got).toEqual(["n"]);
  back.close();
});

test("only the owner may ask for a restore, and only for what was made ready", async () => {
  const hub = await hubOn(newHome());
  const owner = await connectHub(hub);
  const other = await connectHub(hub, "someone");
  const id = "0123456789abcdef";
  expect(await other.api("POST", "/storage/restore", { id })).toMatchObject({ status: 403, body: { code: "owner_only" } });
  expect(await owner.api("POST", "/storage/restore", { id })).toMatchObject({ status: 404, body: { code: "backup_not_found" } });
  expect(await owner.api("POST", "/storage/restore", { id: "../hub" })).toMatchObject({ status: 400, body: { code: "invalid_body" } });
});

test("what can't be opened after the swap is taken back, and the hub goes on with what it had", async () => {
  const home = newHome();
  const hub = await hubOn(home);
  const { id } = await filled(hub, 3);
  const staged = "00000000000000ff";
  writeFileSync(join(home, `hub.sqlite.restoring-${staged}`), "no database".repeat(1_000));
  const client = await connectHub(hub);
  await client.api("POST", "/storage/restore", { id: staged });
  const outcome = join(home, "hub.restore.json");
  while (!existsSync(outcome)) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(JSON.parse(readFileSync(outcome, "utf8"))).toMatchObject({
    id: staged,
    keptAs: null,
    failure: expect.stringContaining("damaged"),
  });
  const again = await connectHub(hub);
  expect((await again.cli("GET", `/sessions/${id}/messages?afterSeq=0`)).body["messages"]).toHaveLength(3);
});

test("two restores at the same moment keep what each of them found", async () => {
  const home = newHome();
  const first = await startTestHub({ home, token });
  await filled(first, 20);
  const { path } = await backupOf(home);
  await first.close();
  const clock = createManualClock(1_700_000_000_000);
  const restore = () =>
    restoreHub({ home, file: path, clock, confirm: async () => true, askHub: () => Promise.reject(new Error("no hub should run here")) });
  const kept = [await restore(), await restore()].map((restored) => restored?.keptAs ?? "");
  expect(new Set(kept).size).toBe(2);
  for (const file of kept) expect(existsSync(file)).toBe(true);
});

test("a damaged, a cut, a newer, a foreign file, one in use and none: each by its code, and nothing is changed", async () => {
  const home = newHome();
  const first = await startTestHub({ home, token });
  const { id } = await filled(first, 400, "x".repeat(280));
  const { path } = await backupOf(home);
  await first.close();
  const before = rowsOf(home, "SELECT count(*) AS n FROM messages");
  const copy = (name: string): string => {
    const to = join(home, name);
    copyFileSync(path, to);
    return to;
  };
  const refused = async (file: string, code: string): Promise<void> => {
    await expect(restoreTo(home, file)).rejects.toMatchObject({ code });
    expect(rowsOf(home, "SELECT count(*) AS n FROM messages")).toEqual(before);
    expect(readdirSync(home).filter((name) => name.includes("restoring") || name.includes("before-restore"))).toEqual([]);
  };
  const damaged = copy("damaged.sqlite");
  const bytes = readFileSync(damaged);
  bytes.fill(0xaa, 8 * 4096, 40 * 4096);
  writeFileSync(damaged, bytes);
  await refused(damaged, "backup_damaged");
  const cut = copy("cut.sqlite");
  truncateSync(cut, statSync(cut).size / 2);
  await refused(cut, "backup_damaged");
  const newer = copy("newer.sqlite");
  const db = new Database(newer);
  db.exec("PRAGMA user_version = 4000");
  db.close();
  await refused(newer, "database_newer");
  const foreign = new Database(join(home, "foreign.sqlite"), { create: true });
  foreign.exec("CREATE TABLE sessions (id TEXT); CREATE TABLE messages (id TEXT)");
  foreign.close();
  await refused(join(home, "foreign.sqlite"), "backup_foreign");
  writeFileSync(join(home, "text.sqlite"), "plain text");
  await refused(join(home, "text.sqlite"), "backup_foreign");
  await refused(home, "backup_foreign");
  const used = copy("used.sqlite");
  writeFileSync(`${used}-wal`, "something");
  await refused(used, "backup_foreign");
  await refused(join(home, "none.sqlite"), "backup_not_found");
  expect(id).not.toBe("");
});

test("over a damaged database, which is kept as it was", async () => {
  const home = newHome();
  const first = await startTestHub({ home, token });
  await filled(first, 10);
  const { path } = await backupOf(home);
  await first.close();
  writeFileSync(join(home, "hub.sqlite"), "damaged beyond reading".repeat(500));
  expect((await checkHub({ home, fix: false })).problems).toMatchObject([{ kind: "file" }]);
  const restored = await restoreTo(home, path);
  expect(restored).toMatchObject({ messages: 10, areSignInsKnown: false });
  expect(readFileSync(restored?.keptAs ?? "", "utf8")).toStartWith("damaged beyond reading");
  await hubOn(home);
});

test("the check finds counters that are behind, rows that belong to nothing and damaged pages, and mends what it can", async () => {
  const home = newHome();
  const first = await startTestHub({ home, token });
  const { id } = await filled(first, 30, "y".repeat(200));
  await expect(checkHub({ home, fix: true })).rejects.toMatchObject({ code: "home_in_use" });
  await first.close();
  const db = new Database(join(home, "hub.sqlite"));
  db.exec("PRAGMA foreign_keys = OFF");
  db.exec("UPDATE sessions SET last_seq = 7, last_at = 1");
  db.exec("INSERT INTO aliases VALUES ('a', 'nobody', 1)");
  db.exec("INSERT INTO message_epochs VALUES (4711, 1)");
  db.close();
  const found = await checkHub({ home, fix: false });
  expect(found.problems.map(({ kind }) => kind).toSorted()).toEqual(["counter", "counter", "orphan", "reference"]);
  const { problems, mended } = await checkHub({ home, fix: true });
  expect(problems).toEqual([]);
  expect(mended).toHaveLength(4);
  const hub = await hubOn(home);
  const client = await connectHub(hub);
  const socket = await client.socket({ token, clientType: "session-scoped", sessionId: id });
  expect(await socket.emitWithAck("message", { sid: id, key: "next", message: agentText("next", "next") })).toEqual({ ok: true });
  socket.close();
  expect((await client.cli("GET", `/sessions/${id}/messages?afterSeq=30`)).body["messages"]).toHaveLength(1);
});

test("who was revoked since the backup stays revoked, and who was let in since stays in", async () => {
  const home = newHome();
  const hub = await hubOn(home);
  const owner = await connectHub(hub);
  const add = async (name: string): Promise<{ id: string; token: string }> => {
    const { body } = await owner.api("POST", "/credentials", { kind: "integration", name });
    return { id: (body["credential"] as { id: string }).id, token: String(body["token"]) };
  };
  const thief = await add("thief");
  const backup = await backupOf(home);
  await owner.api("DELETE", `/credentials/${thief.id}`);
  const later = await add("later");
  expect(await restoreTo(home, backup.path, hub)).toMatchObject({ areSignInsKnown: true });
  const statusOf = async (bearer: string): Promise<number> =>
    (await fetch(`${hub.url}/cli/machines/none`, { headers: { authorization: `Bearer ${bearer}` } })).status;
  expect([await statusOf(thief.token), await statusOf(later.token)]).toEqual([401, 404]);
});
