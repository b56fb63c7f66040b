/** What is to be done later, over a restart of the hub; and what an older hub had planned. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite, silentLogger } from "@hapi/platform";
import { connectHub, createManualClock, startTestHub } from "@hapi/testkit";
import { renewRestored } from "../../src/backup/renew.ts";
import { migrate } from "../../src/sqlite/migrate.ts";
import { migrations } from "../../src/sqlite/migrations.ts";
import { openStores } from "../../src/testing.ts";
import { machine } from "./setup.ts";

const homes: string[] = [];
afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));
const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), "hapi-later-"));
  homes.push(home);
  return home;
};

test("a prompt whose time comes while there is no hub falls due with the next one, once", async () => {
  const home = newHome();
  const clock = createManualClock(Date.now());
  const first = await startTestHub({ home, clock });
  const client = await connectHub(first);
  const { id } = await client.session();
  const scheduledAt = clock.now() + 3_600_000;
  const body = { text: "later", localId: "l1", scheduledAt };
  expect((await client.api("POST", `/sessions/${id}/messages`, body)).status).toBe(200);
  expect((await client.api("POST", `/sessions/${id}/messages`, body)).status).toBe(200);
  await first.close();
  await clock.advance(2 * 3_600_000);

  const matured = async (): Promise<number> => {
    const db = new Database(join(home, "hub.sqlite"), { readonly: true });
    const rows = db.query("SELECT seq FROM log WHERE type = 'scheduled-matured'").all().length;
    db.close();
    return rows;
  };
  const second = await startTestHub({ home, clock });
  await clock.advance(1_000);
  await second.close();
  expect(await matured()).toBe(1);
  await using _third = await startTestHub({ home, clock });
  await clock.advance(61_000);
  expect(await matured()).toBe(1);
});

test("a machine that was away is told of what was deleted, also by a hub that was started since", async () => {
  const home = newHome();
  const first = await startTestHub({ home });
  const client = await connectHub(first);
  await client.cli("POST", "/machines", { id: "m", metadata: { host: "h", platform: "linux", happyCliVersion: "1" } });
  const { body } = await client.cli("POST", "/sessions", { tag: "t", metadata: { path: "/p", host: "h", machineId: "m" } });
  const { id } = body["session"] as { id: string };
  expect((await client.api("DELETE", `/sessions/${id}`)).status).toBe(200);
  await first.close();
  await using second = await startTestHub({ home });
  const told = Promise.withResolvers<unknown>();
  const methods = { "forget-session": (params: Record<string, unknown>) => (told.resolve(params["sessionId"]), { status: "forgotten" }) };
  const { socket } = await machine(await connectHub(second), "m", methods);
  expect(await told.promise).toBe(id);
  socket.close();
});

test("what an older hub had planned is planned", async () => {
  const path = join(newHome(), "hub.sqlite");
  const db = openSqlite(path);
  const before = migrations.findIndex((step) => step.includes("CREATE TABLE jobs"));
  migrate(db, migrations.slice(0, before));
  db.exec(`
    INSERT INTO forgets (session_id, machine_id, namespace, at) VALUES ('gone', 'm', 'ns', 1);
    INSERT INTO sessions (pk, id, namespace, created_at, updated_at, active_at, thinking_at) VALUES (1, 's', 'ns', 1, 1, 1, 1);
    INSERT INTO messages (session_pk, seq, id, local_id, content, created_at, position, scheduled_at, invoked_at) VALUES
      (1, 1, 'm1', 'l"1', '{}', 1, 1, 50, NULL), (1, 2, 'm2', 'l2', '{}', 1, 1, 50, 2), (1, 3, 'm3', 'l3', '{}', 1, 1, NULL, NULL);`);
  await db.close();
  const { stores, close } = openStores({ path, now: () => 100, log: silentLogger });
  expect(await stores.jobs.claim("prompt-due", 49)).toEqual([]);
  expect(await stores.jobs.claim("prompt-due", 50)).toMatchObject([{ key: JSON.stringify(["s", 'l"1']) }]);
  expect(await stores.jobs.claim("session-forget", 100)).toEqual([]);
  await stores.jobs.hurry("session-forget", "m", 100);
  expect(await stores.jobs.claim("session-forget", 100)).toMatchObject([{ key: "gone", subject: "m", data: { namespace: "ns" } }]);
  await close();
});

test("what fell due since a backup was made is not done after its restore: nobody knows what became of it", async () => {
  const path = join(newHome(), "hub.sqlite");
  const before = openStores({ path, now: () => 1, log: silentLogger });
  await before.stores.jobs.put({ kind: "prompt-due", key: "past", due: 50 });
  await before.stores.jobs.put({ kind: "prompt-due", key: "to come", due: 200 });
  await before.close();
  const db = openSqlite(path);
  renewRestored(db, 100);
  await db.close();
  const { stores, close } = openStores({ path, now: () => 100, log: silentLogger });
  expect((await stores.jobs.claim("prompt-due", 200)).map(({ key }) => key)).toEqual(["to come"]);
  await close();
});
