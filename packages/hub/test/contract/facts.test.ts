/** `GET /api/sessions/:id/facts`: what a session's rows mean, also those of an earlier HAPI, and where a reader of the stream goes on. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeEvent } from "@hapi/core";
import { openSqlite, silentLogger } from "@hapi/platform";
import { type AgentEvent, type FactsResponse, factsResponseSchema } from "@hapi/protocol";
import type { HubClient } from "@hapi/testkit";
import { firstPlace } from "../../src/facts/store.ts";
import { migrate } from "../../src/sqlite/migrate.ts";
import { migrations } from "../../src/sqlite/migrations.ts";
import { openStores } from "../../src/testing.ts";
import { withHub } from "./setup.ts";

const rig = withHub();

const call = (id: string): AgentEvent => ({ type: "tool-call", id, tool: "Bash", kind: "execute", title: "ls", input: { command: "ls" } });

async function read(client: HubClient, id: string, query = ""): Promise<FactsResponse> {
  const answer = await client.api("GET", `/sessions/${id}/facts${query}`);
  expect(answer.status).toBe(200);
  return factsResponseSchema.parse(answer.body);
}

test("whoever missed facts of the stream reads on from the last place it heard", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  const say = (event: AgentEvent) => socket.emitWithAck("message", { sid: id, key: event.id, message: encodeEvent(event) });
  const sse = await client.sse(`caps=facts&sessionId=${id}`);
  await say(call("c1"));
  const heard = await sse.find(({ event }) => event.type === "facts");
  await sse[Symbol.asyncDispose]();
  await say({ type: "agent-message", id: "words", text: "hm" });
  await say({ type: "turn-ended", id: "e1", outcome: "failed", failure: { code: "auth", message: "no", retryable: false } });
  const whole = await read(client, id);
  expect(whole.facts.map(({ seq, facts }) => [seq, facts[0]?.kind])).toEqual([
    [1, "tool-called"],
    [3, "turn-ended"],
  ]);
  const missed = await read(client, id, `?after=${String(heard.event["place"])}&epoch=${whole.page.epoch}`);
  expect(missed.facts).toEqual(whole.facts.slice(1));
  expect(missed.page).toEqual({ ...whole.page, hasMore: false, reset: false });
  const other = await read(client, id, `?after=${whole.page.next}&epoch=abc:7&limit=1`);
  expect(other).toMatchObject({ facts: whole.facts.slice(0, 1), page: { reset: true, hasMore: true } });
  for (const wrong of ["limit=0", "limit=201", "limit=x", "after=1.5"])
    expect((await client.api("GET", `/sessions/${id}/facts?${wrong}`)).body["code"]).toBe("invalid_query");
  socket.close();
});

test("rows of an earlier HAPI are read when somebody asks, and are no news to a consumer; what an older version stored is read again", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-facts-"));
  const path = join(home, "db");
  const db = openSqlite(path);
  migrate(
    db,
    migrations.slice(
      0,
      migrations.findIndex((step) => step.includes("CREATE TABLE facts")),
    ),
  );
  db.run(
    `INSERT INTO sessions (pk, id, namespace, created_at, updated_at, active_at, thinking_at, last_seq, last_at, last_turn)
     VALUES (1, 's1', 'default', 1, 50, 1, 1, 3, 30, ?)`,
    JSON.stringify({ turn: { outcome: "completed", at: 20, localId: null }, seq: 2, saidAt: 2 }),
  );
  const old = [call("c1"), { type: "turn-ended", id: "e", outcome: "completed" }, { type: "thought", id: "t", text: "hm" }] as const;
  for (const [at, event] of old.entries())
    db.run(
      "INSERT INTO messages (session_pk, seq, id, content, created_at, position) VALUES (1, ?1, ?2, ?3, ?1, ?4)",
      at + 1,
      `m${at}`,
      JSON.stringify(encodeEvent(event)),
      10 * at,
    );
  await db.close();

  const opened = openStores({ path, now: () => 100, log: silentLogger });
  const { facts, messages } = opened.stores;
  expect(await facts.after(firstPlace, 10)).toEqual([]);
  const content = encodeEvent(call("c2"));
  await messages.append("s1", { content, text: JSON.stringify(content), isContent: true, isWork: true, facts: [{ kind: "turn-started" }] });
  const kinds = async () => (await facts.ofSession("s1", firstPlace, 10)).facts.map((one) => [one.seq, one.place < 0, one.facts[0]?.kind]);
  expect(await kinds()).toEqual([
    [1, true, "tool-called"],
    [2, true, "turn-ended"],
    [4, false, "turn-started"],
  ]);
  await opened.close();
  const older = openSqlite(path);
  older.run("UPDATE facts SET version = 0");
  await older.close();
  const again = openStores({ path, now: () => 100, log: silentLogger });
  expect((await again.stores.facts.ofSession("s1", 0, 10)).facts.map((one) => one.facts[0]?.kind)).toEqual(["tool-called"]);
  await again.close();
  rmSync(home, { recursive: true, force: true });
});
