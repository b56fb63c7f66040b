/** Everything locked: who is shut out and who is not, what is held back, what becomes of it afterwards, and what neither a kill nor a restart undoes. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectHub, createManualClock, type HubClient, startTestHub, type TestHub } from "@hapi/testkit";
import { io } from "socket.io-client";
import { machine, once, serveRpc } from "./setup.ts";
import { hubProcesses } from "./spawn-hub.ts";

type Json = Record<string, unknown>;
const elsewhere = { "x-forwarded-for": "203.0.113.5" };
const locked = { status: 503, body: { code: "hub_locked" } };
const { spawnHub } = hubProcesses();

const send = async (hub: { url: string }, method: string, path: string, init: { body?: object; bearer?: string; from?: object } = {}) => {
  const { body, bearer, from } = init;
  const headers = { "content-type": "application/json", ...(bearer ? { authorization: `Bearer ${bearer}` } : {}), ...from };
  const response = await fetch(`${hub.url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  return { status: response.status, body: (await response.json()) as Json, headers: response.headers };
};

async function phone(hub: TestHub, owner: HubClient): Promise<{ jwt: string; refresh: string; id: string }> {
  const { body } = await owner.api("POST", "/credentials/codes", { role: "admin" });
  const answer = await send(hub, "POST", "/api/auth/code", { body: { code: body["code"], name: "Phone" }, from: elsewhere });
  return {
    jwt: String(answer.body["token"]),
    refresh: String(answer.body["refresh"]),
    id: (answer.body["credential"] as { id: string }).id,
  };
}

function cliSocket(hub: TestHub, auth: Json, from: Record<string, string> = {}) {
  const options = { auth, extraHeaders: from, transports: ["websocket"], forceNew: true, reconnection: false };
  const socket = io(`${hub.url}/cli`, options);
  const joined = new Promise<string>((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("connect_error", (error) => resolve(error.message));
  });
  const gone = new Promise<void>((resolve) => socket.once("disconnect", () => resolve()));
  return { socket, joined, gone };
}

async function withHome(work: (home: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "hub-lock-"));
  try {
    await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

describe("who is shut out", () => {
  test("everybody elsewhere, whatever they come with; streams and sockets within a second; this computer's stay", async () => {
    await using hub = await startTestHub();
    const owner = await connectHub(hub);
    const device = await phone(hub, owner);
    const stream = await fetch(`${hub.url}/api/events`, {
      headers: { authorization: `Bearer ${device.jwt}`, "accept-encoding": "identity", ...elsewhere },
    });
    const streamed = stream.text();
    const shared = await fetch(`${hub.url}/api/events`, {
      headers: { authorization: `Bearer ${owner.jwt}`, "accept-encoding": "identity", ...elsewhere },
    });
    const sharedText = shared.text();
    const auth = { token: hub.token, clientType: "machine-scoped", machineId: "far" };
    await owner.cli("POST", "/machines", { id: "far", metadata: null });
    const [far, near] = [cliSocket(hub, auth, elsewhere), await owner.session()];
    expect(await far.joined).toBe("connected");
    const since = performance.now();
    expect(await send(hub, "PUT", "/api/lock", { bearer: device.jwt, from: elsewhere })).toMatchObject({
      status: 200,
      body: { locked: true, by: "Phone", revoked: 1 },
    });
    await Promise.all([streamed, sharedText, far.gone]);
    expect(performance.now() - since).toBeLessThan(1_000);
    const from = elsewhere;
    for (const [method, path, body] of [
      ["GET", "/api/sessions", undefined],
      ["GET", "/api/events", undefined],
      ["GET", "/api/lock", undefined],
      ["DELETE", "/api/lock", undefined],
      ["POST", "/api/credentials/codes", {}],
    ] as const)
      for (const bearer of [device.jwt, owner.jwt])
        expect([path, await send(hub, method, path, { bearer, from, ...(body ? { body } : {}) })]).toMatchObject([path, locked]);
    expect(await send(hub, "POST", "/api/auth", { body: { accessToken: hub.token }, from })).toMatchObject(locked);
    expect(await send(hub, "POST", "/api/auth/refresh", { body: { refresh: device.refresh }, from })).toMatchObject(locked);
    expect(await send(hub, "POST", "/api/auth/code", { body: { code: "AAAA-BBBB-CCCC" }, from })).toMatchObject(locked);
    expect(await send(hub, "GET", "/cli/machines/far", { bearer: hub.token, from })).toMatchObject(locked);
    expect(await cliSocket(hub, auth, from).joined).toContain("locked");
    expect((await send(hub, "GET", "/health", { from })).body).toMatchObject({ status: "ok", locked: true });
    expect(near.socket.connected).toBe(true);
    expect((await owner.api("GET", `/sessions/${near.id}`)).status).toBe(200);
    expect((await owner.api("GET", "/lock")).body).toMatchObject({ locked: true, by: "Phone" });
    near.socket.close();
  });

  test("browsers are signed out for good; programs and the shared token are let in again afterwards", async () => {
    await using hub = await startTestHub();
    const owner = await connectHub(hub);
    const device = await phone(hub, owner);
    const { body } = await owner.api("POST", "/credentials", { kind: "integration", name: "CLI" });
    const early = (await owner.api("POST", "/credentials/codes", {})).body["code"];
    expect((await owner.api("PUT", "/lock")).body).toMatchObject({ locked: true, revoked: 1 });
    expect((await owner.api("PUT", "/lock")).body).toMatchObject({ locked: true, revoked: 0 });
    expect(await send(hub, "POST", "/api/auth/code", { body: { code: early } })).toMatchObject({ body: { code: "code_refused" } });
    expect((await owner.api("DELETE", "/lock")).body).toEqual({ locked: false, wasLocked: true });
    expect((await owner.api("DELETE", "/lock")).body).toEqual({ locked: false, wasLocked: false });
    const from = elsewhere;
    expect(await send(hub, "GET", "/api/sessions", { bearer: device.jwt, from })).toMatchObject({ body: { code: "credential_revoked" } });
    for (const accessToken of [hub.token, String(body["token"])])
      expect((await send(hub, "POST", "/api/auth", { body: { accessToken }, from })).status).toBe(200);
    expect((await send(hub, "GET", "/health")).body["locked"]).toBeUndefined();
  });

  test("a request whose body is still on its way does what it wants no more", async () => {
    await using hub = await startTestHub();
    const owner = await connectHub(hub);
    const device = await phone(hub, owner);
    const body = JSON.stringify({ kind: "integration", name: "back door", role: "admin" });
    const halfway = Promise.withResolvers<void>();
    const rest = Promise.withResolvers<void>();
    async function* slowly() {
      yield new TextEncoder().encode(body.slice(0, 10));
      halfway.resolve();
      await rest.promise;
      yield new TextEncoder().encode(body.slice(10));
    }
    const answer = [device.jwt, owner.jwt].map((jwt) =>
      fetch(`${hub.url}/api/credentials`, {
        method: "POST",
        headers: { authorization: `Bearer ${jwt}`, "content-type": "application/json", ...elsewhere },
        body: slowly() as never,
      }),
    );
    await halfway.promise;
    // What was sent first is there before what is sent now.
    await owner.api("GET", "/sessions");
    await owner.api("PUT", "/lock");
    rest.resolve();
    for (const each of answer) expect((await each).status).toBe(503);
    const { credentials } = (await owner.api("GET", "/credentials")).body as { credentials: Json[] };
    expect(credentials.map((one) => one["name"])).not.toContain("back door");
  });
});

describe("who may say it", () => {
  test("the owner's admins lock; only this computer unlocks", async () => {
    await using hub = await startTestHub();
    const [owner, bob] = [await connectHub(hub), await connectHub(hub, "bob")];
    expect(await bob.api("PUT", "/lock")).toMatchObject({ status: 403, body: { code: "owner_only" } });
    const { body } = await owner.api("POST", "/credentials/codes", { role: "operator" });
    const operator = await send(hub, "POST", "/api/auth/code", { body: { code: body["code"] } });
    expect(await send(hub, "PUT", "/api/lock", { bearer: String(operator.body["token"]) })).toMatchObject({
      body: { code: "scope_missing" },
    });
    expect(await send(hub, "DELETE", "/api/lock", { bearer: owner.jwt, from: elsewhere })).toMatchObject({ body: { code: "owner_only" } });
    await owner.api("PUT", "/lock");
    expect(await bob.api("DELETE", "/lock")).toMatchObject({ body: { code: "owner_only" } });
    expect((await owner.api("GET", "/lock")).body["locked"]).toBe(true);
  });

  test.each([
    ["switched off", (owner: HubClient) => owner.api("DELETE", "/credentials/legacy")],
    ["narrowed", (owner: HubClient) => owner.api("PUT", "/credentials/legacy", { role: "viewer" })],
  ])(
    "with the shared token %s, its owner gets in on this computer while it is locked, and is not locked out by unlocking",
    async (_how, take) => {
      await using hub = await startTestHub();
      const owner = await connectHub(hub);
      const device = await phone(hub, owner);
      await take(owner);
      await send(hub, "PUT", "/api/lock", { bearer: device.jwt, from: elsewhere });
      const here = await send(hub, "POST", "/api/auth", { body: { accessToken: hub.token } });
      expect(here.status).toBe(200);
      const bearer = String(here.body["token"]);
      expect(await send(hub, "DELETE", "/api/lock", { bearer })).toMatchObject({ status: 409, body: { code: "apply_failed" } });
      const { body } = await send(hub, "POST", "/api/credentials/codes", { bearer, body: { role: "admin" } });
      const browser = await send(hub, "POST", "/api/auth/code", { body: { code: body["code"] } });
      expect(browser.status).toBe(200);
      expect(await send(hub, "DELETE", "/api/lock", { bearer })).toMatchObject({ status: 200, body: { locked: false } });
      // As it was before: good for what it was left.
      expect([401, 403]).toContain((await send(hub, "GET", "/api/credentials", { bearer })).status);
      expect((await send(hub, "GET", "/api/credentials", { bearer: String(browser.body["token"]) })).status).toBe(200);
    },
  );
});

describe("what is held back", () => {
  test("sends, starts, answers and changes are refused also on this computer, to be tried again; ending and looking goes on", async () => {
    await using hub = await startTestHub();
    const owner = await connectHub(hub);
    const { id, socket } = await owner.session();
    const request = { tool: "Bash", arguments: { command: "ls" }, createdAt: 1 };
    await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: { requests: { p1: request } } });
    const calls = await serveRpc(socket, id, { permission: () => ({ status: "applied" }), abort: () => ({}) });
    const runner = await machine(owner, "m-held", { "spawn-happy-session": () => ({ type: "success", sessionId: id }) });
    await owner.api("PUT", "/lock");
    for (const [path, body] of [
      [`/sessions/${id}/messages`, { text: "x" }],
      [`/sessions/${id}/permissions/p1/approve`, {}],
      [`/sessions/${id}/permissions/p1/deny`, {}],
      [`/sessions/${id}/permission-mode`, { mode: "default" }],
      [`/sessions/${id}/resume`, {}],
      [`/sessions/${id}/fork`, {}],
      ["/machines/m-held/spawn", { directory: "/p" }],
    ] as const)
      expect([path, await owner.api("POST", path, body)]).toMatchObject([path, { status: 503, body: { code: "hub_locked" } }]);
    expect([calls, runner.calls]).toEqual([[], []]);
    const kept = (await owner.api("GET", `/sessions/${id}`)).body["session"] as { agentState: Json };
    expect(kept.agentState["requests"]).toEqual({ p1: request });
    expect((await owner.api("POST", `/sessions/${id}/abort`, {})).status).toBe(200);
    await owner.api("DELETE", "/lock");
    expect((await owner.api("POST", `/sessions/${id}/permissions/p1/approve`, {})).status).toBe(200);
    expect(calls.map(({ method }) => method)).toEqual([`${id}:abort`, `${id}:permission`]);
    socket.close();
    runner.socket.close();
  });

  test("prompts that were accepted wait where they are and go once, in order, when it is unlocked", async () => {
    const clock = createManualClock(Date.now());
    await using hub = await startTestHub({ clock });
    const owner = await connectHub(hub);
    const there = await owner.session();
    const got: string[] = [];
    const hear = (socket: typeof there.socket): void =>
      void socket.on("update", (update: { body: { message?: { localId: string } } }) => {
        const { message } = update.body;
        if (message) got.push(message.localId);
      });
    hear(there.socket);
    const first = once(there.socket, "update");
    await owner.api("POST", `/sessions/${there.id}/messages`, { text: "1", localId: "before" });
    await first;
    there.socket.emit("messages-consumed", { sid: there.id, localIds: ["before"] });
    await there.socket.emitWithAck("ping");
    const due = clock.now() + 60_000;
    await owner.api("POST", `/sessions/${there.id}/messages`, { text: "2", localId: "due", scheduledAt: due });
    // Away, and to be started for its prompt as soon as its machine comes.
    const away = crypto.randomUUID();
    const ending = await owner.session({ id: away, metadata: { claudeSessionId: "t", machineId: "m-prompts" } });
    ending.socket.emit("session-end", { sid: away, time: clock.now() });
    await ending.socket.emitWithAck("ping");
    ending.socket.close();
    expect((await owner.api("POST", `/sessions/${away}/messages`, { text: "3", localId: "waits", wake: true })).status).toBe(200);
    await owner.api("PUT", "/lock");
    const up = Promise.withResolvers<void>();
    const runner = await machine(owner, "m-prompts", {
      async "spawn-happy-session"() {
        const socket = await owner.socket({ token: owner.accessToken, clientType: "session-scoped", sessionId: away });
        socket.once("update", (update: { body: { message: { localId: string } } }) => {
          got.push(update.body.message.localId);
          up.resolve();
          socket.close();
        });
        socket.emit("session-alive", { sid: away, time: clock.now(), thinking: false });
        return { type: "success", sessionId: away };
      },
    });
    runner.socket.emit("machine-alive", { machineId: "m-prompts", time: clock.now() });
    await runner.socket.emitWithAck("ping");
    await clock.advance(61_000);
    there.socket.emit("session-alive", { sid: there.id, time: clock.now(), thinking: false });
    runner.socket.emit("machine-alive", { machineId: "m-prompts", time: clock.now() });
    await Promise.all([there.socket.emitWithAck("ping"), runner.socket.emitWithAck("ping")]);
    expect([got, runner.calls]).toEqual([["before"], []]);
    // One that comes back meanwhile gets nothing either.
    const again = await owner.socket({ token: owner.accessToken, clientType: "session-scoped", sessionId: there.id });
    await again.emitWithAck("ping");
    again.close();
    const next = once(there.socket, "update");
    await owner.api("DELETE", "/lock");
    await Promise.all([next, up.promise]);
    expect(got.toSorted()).toEqual(["before", "due", "waits"]);
    there.socket.close();
    runner.socket.close();
  });

  test("a decision that waits for a session that is away is heard by it afterwards, and none is taken meanwhile", async () => {
    await using hub = await startTestHub();
    const owner = await connectHub(hub);
    const capabilities = ["stages"];
    const { id, socket } = await owner.session({ capabilities, metadata: { capabilities: { control: "switch" } } });
    const request = { tool: "Bash", arguments: { command: "ls" }, createdAt: 1 };
    await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: { requests: { p1: request, p2: request } } });
    socket.close();
    expect((await owner.api("POST", `/sessions/${id}/permissions/p1/approve`, {})).body).toEqual({ ok: true, status: "pending" });
    await owner.api("PUT", "/lock");
    const again = await owner.socket({ token: owner.accessToken, clientType: "session-scoped", sessionId: id, capabilities });
    const heard = Promise.withResolvers<void>();
    const calls = await serveRpc(again, id, {
      permission() {
        heard.resolve();
        return { status: "applied" };
      },
    });
    expect(await owner.api("POST", `/sessions/${id}/permissions/p2/approve`, {})).toMatchObject(locked);
    await again.emitWithAck("ping");
    expect(calls).toEqual([]);
    await owner.api("DELETE", "/lock");
    await heard.promise;
    expect(calls.map(({ params }) => params)).toEqual([{ id: "p1", approved: true }]);
    again.close();
  }, 40_000);
});

describe("what undoes it not", () => {
  test("a restart; the file is the owner's alone, and one that is damaged counts as locked", async () => {
    await withHome(async (home) => {
      const path = join(home, "locked.json");
      const first = await startTestHub({ home });
      const device = await phone(first, await connectHub(first));
      await (await connectHub(first)).api("PUT", "/lock");
      expect(statSync(path).mode & 0o777).toBe(0o600);
      await first.close();
      const second = await startTestHub({ home });
      expect(await send(second, "GET", "/api/sessions", { bearer: device.jwt, from: elsewhere })).toMatchObject(locked);
      expect((await (await connectHub(second)).api("GET", "/lock")).body).toMatchObject({ locked: true, by: "Shared token" });
      await second.close();
      writeFileSync(path, "{");
      await using third = await startTestHub({ home });
      const owner = await connectHub(third);
      expect((await owner.api("GET", "/lock")).body).toMatchObject({ locked: true });
      expect((await owner.api("DELETE", "/lock")).body).toMatchObject({ locked: false });
      expect(existsSync(path)).toBe(false);
    });
  });

  test("a disk that refuses it: it is in force all the same, and can be said again", async () => {
    await withHome(async (home) => {
      await using hub = await startTestHub({ home });
      const owner = await connectHub(hub);
      // A folder in the file's place: nothing can be renamed over it.
      const path = join(home, "locked.json");
      await Bun.write(join(path, "x"), "");
      expect((await owner.api("PUT", "/lock")).status).toBe(500);
      expect(await send(hub, "GET", "/api/sessions", { bearer: owner.jwt, from: elsewhere })).toMatchObject(locked);
      rmSync(path, { recursive: true });
      expect((await owner.api("PUT", "/lock")).status).toBe(200);
      expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ by: "Shared token" });
    });
  });

  test("kill -9 while it is locked, at any moment: once the file is there it is locked and browsers are signed out, and nothing is lost", async () => {
    for (const moment of ["file", "answer"]) {
      await withHome(async (home) => {
        const { hub, kill } = await spawnHub(home);
        const owner = await connectHub(hub);
        const devices = await Promise.all(Array.from({ length: 5 }, () => phone(hub, owner)));
        const { id, socket } = await owner.session();
        await owner.api("POST", `/sessions/${id}/messages`, { text: "x", localId: "kept", scheduledAt: Date.now() + 3_600_000 });
        socket.close();
        const path = join(home, "locked.json");
        const answer = owner.api("PUT", "/lock").catch(() => null);
        if (moment === "answer") await answer;
        else while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
        await kill();
        await answer;
        const { hub: again } = await spawnHub(home);
        const back = await connectHub(again);
        expect((await back.api("GET", "/lock")).body).toMatchObject({ locked: true });
        const { credentials } = (await back.api("GET", "/credentials")).body as { credentials: Json[] };
        const gone = credentials.filter((one) => devices.some((device) => device.id === one["id"])).map((one) => one["revokedAt"] !== null);
        expect(gone).toEqual([true, true, true, true, true]);
        const { messages } = (await back.api("GET", `/sessions/${id}/messages`)).body as { messages: Json[] };
        expect(messages).toMatchObject([{ localId: "kept" }]);
      });
    }
  }, 60_000);
});
