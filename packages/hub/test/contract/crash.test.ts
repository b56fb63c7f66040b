/** kill -9 of a hub in a process of its own: what it acknowledged is there, and its readers go on where they were. */
import { expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeEvent } from "@hapi/core";
import { connectHub, type HubClient, type TestHub } from "@hapi/testkit";
import { agentText } from "./setup.ts";
import { hubProcesses } from "./spawn-hub.ts";

const { spawnHub, spawnRefused } = hubProcesses();

test("every acknowledged message and prompt is there, nothing twice, no gap, still active", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-crash-"));
  const acked = new Set<string>();
  let id = "";
  let cursor: string | undefined;
  const seen = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const { hub, kill } = await spawnHub(home);
    const client = await connectHub(hub);
    id ||= (await client.session()).id;
    const session = await client.api("GET", `/sessions/${id}`);
    expect(session.body["session"]).toMatchObject({ active: true });
    const sse = await client.sse(cursor === undefined ? "" : `lastEventId=${cursor}`);
    if (cursor !== undefined) expect(sse.frames[0]?.event["data"]).toMatchObject({ resume: "ok" });
    const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    let sent = 0;
    const before = acked.size;
    let stop = false;
    const enough = Promise.withResolvers<void>();
    const sender = (async () => {
      while (!stop) {
        const key = `r${round}-${sent++}`;
        socket.emit("message", { sid: id, key, message: agentText(key, key) }, (ack: { ok?: boolean }) => {
          if (ack.ok) acked.add(key);
          if (acked.size > (round + 1) * 300) enough.resolve();
        });
        // A window, as a real sender has one: what is on its way at the kill is what may be lost.
        while (!stop && sent - acked.size + before > 50) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await enough.promise;
    const posted = await client.api("POST", `/sessions/${id}/messages`, { text: `prompt ${round}`, localId: `p${round}` });
    expect(posted.status).toBe(200);
    await kill();
    stop = true;
    await sender;
    socket.close();
    await sse.closed;
    cursor = sse.lastId ?? cursor;
    for (const { event } of sse.of("message-received")) seen.add(JSON.stringify(event["message"]));
  }
  const { hub } = await spawnHub(home);
  const client = await connectHub(hub);
  const rows: { id: string; localId: string | null; content: { content: { data?: { message: string } } } }[] = [];
  let afterSeq = 0;
  for (;;) {
    const page = (await client.cli("GET", `/sessions/${id}/messages?afterSeq=${afterSeq}&limit=200`)).body as {
      messages: ((typeof rows)[number] & { seq: number })[];
    };
    rows.push(...page.messages);
    if (page.messages.length < 200) break;
    afterSeq = page.messages.at(-1)?.seq ?? 0;
  }
  const texts = rows.flatMap((row) => row.content.content.data?.message ?? []);
  expect(new Set(texts).size).toBe(texts.length);
  expect([...acked].filter((key) => !texts.includes(key))).toEqual([]);
  expect(rows.flatMap((row) => row.localId ?? [])).toEqual(["p0", "p1", "p2"]);
  // What readers were shown is never taken back.
  const ids = new Set(rows.map((row) => row.id));
  for (const text of seen) expect(ids.has((JSON.parse(text) as { id: string }).id)).toBe(true);
  await hub.close();
  await rm(home, { recursive: true, force: true });
}, 240_000);

interface Row {
  id: string;
  localId: string | null;
  invokedAt: number | null;
}

/** Every page of the history, backwards; whatever moves meanwhile, none may show a prompt twice. */
async function readBack(client: HubClient, id: string, limit: number): Promise<Row[][]> {
  const pages: Row[][] = [];
  for (let query = ""; ;) {
    const { body } = await client.api("GET", `/sessions/${id}/messages?limit=${limit}${query}`);
    const { nextBeforeAt, nextBeforeSeq, hasMore } = body["page"] as { nextBeforeAt: number; nextBeforeSeq: number; hasMore: boolean };
    pages.push(body["messages"] as Row[]);
    if (!hasMore) return pages;
    query = `&beforeAt=${nextBeforeAt}&beforeSeq=${nextBeforeSeq}`;
  }
}

test("prompts that two senders bring at once, again after each kill, stand once in every page that is read while they move", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-crash-"));
  const names: string[] = [];
  let id = "";
  let taken = 0;
  for (let round = 0; round < 3; round++) {
    const { hub, kill } = await spawnHub(home);
    const client = await connectHub(hub);
    id ||= (await client.session()).id;
    const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    names.push(...Array.from({ length: 40 }, (_, index) => `r${round}-${index}`));
    // Neither knows what the other, or the hub before, has brought.
    const deliver = async (): Promise<void> => {
      for (const name of names)
        await client.api("POST", `/sessions/${id}/messages`, { text: name, localId: name, wake: true }).catch(() => undefined);
    };
    const senders = Promise.all([deliver(), deliver()]);
    let pagesRead = 0;
    const enough = Promise.withResolvers<void>();
    const reader = (async () => {
      for (;;) {
        const pages = await readBack(client, id, 1 + (pagesRead % 7)).catch(() => null);
        if (pages === null) return;
        for (const page of pages) {
          const localIds = page.flatMap((row) => row.localId ?? []);
          expect(localIds).toEqual([...new Set(localIds)]);
        }
        pagesRead += pages.length;
        if (pagesRead > 150) enough.resolve();
      }
    })();
    // The session takes them up by its stages or by the agent's record, whichever comes, and says it twice.
    const until = names.length - 10;
    for (; taken < until; taken++) {
      const localId = names[taken] as string;
      const turn = { type: "turn-started" as const, id: `turn:${localId}`, localId };
      const record = { sid: id, key: turn.id, message: encodeEvent(turn) };
      const says = (): unknown[] => [
        socket.emitWithAck("message", record),
        socket.emitWithAck("message-stage", { sid: id, localId, stage: "started", at: Date.now() }),
        socket.emitWithAck("messages-consumed", { sid: id, localIds: [localId] }),
      ];
      await client.api("POST", `/sessions/${id}/messages`, { text: localId, localId, wake: true });
      await Promise.all([...says(), ...says()]);
    }
    await enough.promise;
    await kill();
    socket.close();
    await Promise.all([senders, reader]);
  }
  const { hub } = await spawnHub(home);
  const client = await connectHub(hub);
  for (const name of names) await client.api("POST", `/sessions/${id}/messages`, { text: name, localId: name, wake: true });
  const rows = (await readBack(client, id, 200))
    .reverse()
    .flat()
    .filter((row) => row.localId !== null);
  expect(rows.map((row) => row.localId).toSorted()).toEqual(names.toSorted());
  const order = rows.filter((row) => row.invokedAt !== null).map((row) => row.localId ?? "");
  expect(order).toEqual(names.slice(0, order.length));
  await hub.close();
  await rm(home, { recursive: true, force: true });
}, 240_000);

test("after an unclean end of the machine readers read everything afresh, after a kill of the hub alone they go on", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-crash-"));
  const first = await spawnHub(home);
  const client = await connectHub(first.hub);
  const { id, socket } = await client.session();
  for (const key of ["one", "two"]) await socket.emitWithAck("message", { sid: id, key, message: agentText(key, key) });
  const epochOf = async (hub: TestHub): Promise<number> => {
    const { body } = await (await connectHub(hub)).api("GET", `/sessions/${id}/messages`);
    return (body["page"] as { epoch: number }).epoch;
  };
  const epoch = await epochOf(first.hub);
  const sse = await client.sse();
  await client.api("PATCH", `/sessions/${id}`, { name: "seen" });
  await sse.find((frame) => frame.id !== undefined);
  await first.kill();
  await sse.closed;
  const resumes = async (hub: TestHub): Promise<unknown> => {
    await using again = await (await connectHub(hub)).sse(`lastEventId=${sse.lastId}`);
    return (again.frames[0]?.event["data"] as { resume: string }).resume;
  };
  const sameBoot = await spawnHub(home);
  expect(await resumes(sameBoot.hub)).toBe("ok");
  expect(await epochOf(sameBoot.hub)).toBe(epoch);
  await sameBoot.kill();
  const rebooted = await spawnHub(home, { bootId: "boot-2" });
  expect(await resumes(rebooted.hub)).toBe("gap");
  expect(await epochOf(rebooted.hub)).toBeGreaterThan(epoch);
  const page = await (await connectHub(rebooted.hub)).api("GET", `/sessions/${id}/messages?afterSeq=1&afterAt=1&epoch=${epoch}`);
  expect(page.body["page"]).toMatchObject({ reset: true, direction: "latest" });
  await rebooted.kill();
  socket.close();
  await rm(home, { recursive: true, force: true });
});

test("a home is one hub's, also between processes, until that hub is gone", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-crash-"));
  const { hub, kill } = await spawnHub(home);
  const second = spawnRefused(home);
  const text = await new Response(second.stderr).text();
  expect(await second.exited).not.toBe(0);
  expect(text).toContain("home_in_use");
  expect(text).toContain(hub.url);
  await kill();
  const third = await spawnHub(home);
  await connectHub(third.hub);
  await third.kill();
  await rm(home, { recursive: true, force: true });
});
