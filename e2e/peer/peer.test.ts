/**
 * The unmodified peer CLI and runner against our hub: it registers, starts a session, takes a prompt, streams, asks,
 * hears yes and no, changes its mode, uploads, archives, and comes back under the same id.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectHub, startTestHub, type HubClient, type SseConnection, type SseFrame, type TestHub } from "@hapi/testkit";
import { peerProgram } from "./peer-install.ts";

const peer = await peerProgram();
if ("missing" in peer) process.stderr.write(`\n!! THE PEER'S SUITE DID NOT RUN: ${peer.missing}\n\n`);

type Json = Record<string, unknown>;
const waitMs = 120_000;

describe.skipIf("missing" in peer)("an unmodified CLI and runner", () => {
  let dir = "";
  let hub: TestHub;
  let client: HubClient;
  let sse: SseConnection;
  let runner: Bun.Subprocess;
  let machineId = "";
  let id = "";
  const answered = new Set<string>();

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "hapi-peer-"));
    for (const name of ["work", "tmp", "bin"]) mkdirSync(join(dir, name));
    const fake = join(dir, "bin/claude");
    writeFileSync(fake, `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dir, "fake-claude.ts")}" "$@"\n`);
    chmodSync(fake, 0o755);
    hub = await startTestHub();
    client = await connectHub(hub);
    sse = await client.sse();
    const env = {
      HOME: dir,
      PATH: `${join(dir, "bin")}:/usr/bin:/bin`,
      TMPDIR: join(dir, "tmp"),
      HAPI_HOME: join(dir, "hapi"),
      HAPI_API_URL: hub.url,
      CLI_API_TOKEN: hub.token,
    };
    const program = "path" in peer ? peer.path : "";
    runner = Bun.spawn([program, "runner", "start-sync"], {
      env,
      cwd: join(dir, "work"),
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
  });

  afterAll(async () => {
    runner.kill("SIGTERM");
    await runner.exited;
    await sse.close();
    await hub.close();
    await rm(dir, { recursive: true, force: true });
  });

  const session = async (): Promise<Json> => (await client.api("GET", `/sessions/${id}`)).body["session"] as Json;
  const say = async (text: string): Promise<void> => {
    const answer = await client.api("POST", `/sessions/${id}/messages`, { text, localId: crypto.randomUUID() });
    expect(answer.status).toBe(200);
  };
  const isReply = (text: string) => (frame: SseFrame) =>
    frame.event.type === "message-received" && JSON.stringify(frame.event["message"]).includes(text);
  const agentStateIn = (event: SseFrame["event"]): { requests?: Json; completedRequests?: Json } | undefined =>
    (event["data"] as { agentState?: { value?: { requests?: Json; completedRequests?: Json } } } | undefined)?.agentState?.value;
  const nextRequest = async (): Promise<string> => {
    const openIn = ({ event }: SseFrame): string | undefined =>
      Object.keys(agentStateIn(event)?.requests ?? {}).find((request) => !answered.has(request));
    const found = openIn(await sse.find((frame) => openIn(frame) !== undefined, waitMs)) ?? "";
    answered.add(found);
    return found;
  };

  test(
    "the runner registers, and says what it can start",
    async () => {
      const online = await sse.find(({ event }) => event.type === "machine-updated" && (event["data"] as Json)["active"] === true, waitMs);
      machineId = online.event["machineId"] as string;
      const { machines } = (await client.api("GET", "/machines")).body as { machines: Json[] };
      expect(machines).toMatchObject([{ id: machineId, active: true }]);
      const { agents } = (await client.api("GET", `/machines/${machineId}/agent-availability`)).body as { agents: Json[] };
      expect(agents).toContainEqual({ agent: "claude", available: true });
    },
    waitMs,
  );

  test(
    "it starts a session",
    async () => {
      const spawned = await client.api("POST", `/machines/${machineId}/spawn`, { directory: join(dir, "work"), agent: "claude" });
      expect(spawned.body).toMatchObject({ type: "success" });
      id = spawned.body["sessionId"] as string;
      const isUp = ({ event }: SseFrame): boolean => event["sessionId"] === id && (event["data"] as Json | undefined)?.["active"] === true;
      await sse.find(isUp, waitMs);
      expect(await session()).toMatchObject({
        active: true,
        metadata: { flavor: "claude", machineId, startedBy: "runner", lifecycleState: "running" },
      });
    },
    waitMs,
  );

  test(
    "a prompt is taken once, and answered",
    async () => {
      await say("hello");
      await sse.find(isReply("echo hello"), waitMs);
      expect(sse.of("messages-consumed")).toHaveLength(1);
      expect(sse.frames.filter(isReply("echo hello"))).toHaveLength(1);
    },
    waitMs,
  );

  test(
    "approve goes on, deny reaches the agent, an answered request is closed",
    async () => {
      await say("run first");
      const first = await nextRequest();
      expect((await client.api("POST", `/sessions/${id}/permissions/${first}/approve`, {})).body).toEqual({ ok: true });
      await sse.find(isReply("behavior=allow"), waitMs);
      await say("run second");
      const second = await nextRequest();
      expect((await client.api("POST", `/sessions/${id}/permissions/${second}/deny`, { reason: "not that" })).body).toEqual({ ok: true });
      await sse.find(isReply("behavior=deny"), waitMs);
      // The CLI tells its state beside its messages: either may be first.
      await sse.find(({ event }) => second in (agentStateIn(event)?.completedRequests ?? {}), waitMs);
      const { completedRequests } = (await session())["agentState"] as { completedRequests: Json };
      expect(completedRequests).toMatchObject({ [first]: { status: "approved" }, [second]: { status: "denied" } });
      expect(await client.api("POST", `/sessions/${id}/permissions/${first}/approve`)).toMatchObject({
        status: 404,
        body: { code: "request_closed" },
      });
    },
    waitMs * 2,
  );

  test(
    "mode, abort, commands, files and uploads",
    async () => {
      expect((await client.api("POST", `/sessions/${id}/permission-mode`, { mode: "acceptEdits" })).body).toEqual({ ok: true });
      expect((await client.api("POST", `/sessions/${id}/abort`)).body).toEqual({ ok: true });
      expect((await client.api("GET", `/sessions/${id}/slash-commands`)).body).toMatchObject({ success: true });
      expect((await client.api("GET", `/sessions/${id}/directory?path=.`)).body).toMatchObject({ success: true });
      const upload = { filename: "a.txt", content: btoa("text"), mimeType: "text/plain" };
      expect((await client.api("POST", `/sessions/${id}/upload`, upload)).body).toMatchObject({ success: true });
    },
    waitMs,
  );

  test(
    "archive ends it, and the reason is ours, not the CLI's",
    async () => {
      expect((await client.api("POST", `/sessions/${id}/archive`, { reason: "enough" })).body).toEqual({ ok: true });
      const runnerEnd = ({ event }: SseFrame): boolean => event.type === "session-ended" && event["sessionId"] === id;
      await sse.find(runnerEnd, waitMs);
      expect(await session()).toMatchObject({
        active: false,
        metadata: { lifecycleState: "archived", archivedBy: "user", archiveReason: "enough" },
      });
    },
    waitMs,
  );

  test(
    "resume keeps the id, though the CLI makes a second row",
    async () => {
      expect((await client.api("POST", `/sessions/${id}/resume`)).body).toEqual({ type: "success", sessionId: id });
      const { sessions } = (await client.api("GET", "/sessions")).body as { sessions: Json[] };
      expect(sessions.map((entry) => entry["id"])).toEqual([id]);
      expect(await session()).toMatchObject({ active: true, metadata: { lifecycleState: "running" } });
      await say("again");
      await sse.find(isReply("echo again"), waitMs);
      const { messages } = (await client.api("GET", `/sessions/${id}/messages?limit=200`)).body as { messages: Json[] };
      const text = JSON.stringify(messages);
      expect(text.indexOf("echo hello")).toBeGreaterThan(0);
      expect(text.indexOf("echo again")).toBeGreaterThan(text.indexOf("echo hello"));
      await client.api("POST", `/sessions/${id}/archive`);
    },
    waitMs * 2,
  );
});
