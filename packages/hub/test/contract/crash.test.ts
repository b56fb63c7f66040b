/** kill -9 of a hub in a process of its own: what it acknowledged is there, and its readers go on where they were. */
import { expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectHub, type TestHub } from "@hapi/testkit";
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
