/** Credentials by black box: codes, renewal, revocation on what is open, machines that see their own alone, the shared token narrowed and off. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock, connectHub, type HubClient, startTestHub, type TestHub } from "@hapi/testkit";
import { decodeJwt } from "jose";
import { io } from "socket.io-client";

type Json = Record<string, unknown>;
/** Of each answer what it has. */
interface Body extends Json {
  code: string;
  token: string;
  refresh: string;
  credential: { id: string };
  session: { id: string };
  credentials: Json[];
  sessions: unknown;
}
interface Said {
  status: number;
  body: Body;
}

async function post(hub: { url: string }, path: string, body: object, headers: Record<string, string> = {}): Promise<Said> {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
  const response = await fetch(`${hub.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Body };
}

async function get(hub: { url: string }, path: string, bearer: string): Promise<Said> {
  const response = await fetch(`${hub.url}${path}`, { headers: { authorization: `Bearer ${bearer}` } });
  return { status: response.status, body: (await response.json()) as Body };
}

/** A device of a role, by a code, as a browser signs in. */
async function device(hub: TestHub, role = "admin", namespace?: string): Promise<{ jwt: string; refresh: string; id: string }> {
  const owner = await connectHub(hub, namespace);
  const { body } = await owner.api("POST", "/credentials/codes", { role });
  const answer = await post(hub, "/api/auth/code", { code: body["code"], name: "Phone" });
  expect(answer.status).toBe(200);
  return { jwt: answer.body.token, refresh: answer.body.refresh, id: answer.body.credential.id };
}

const program = async (owner: HubClient, body: object): Promise<{ token: string; id: string }> => {
  const answer = await owner.api("POST", "/credentials", body);
  expect(answer.status).toBe(201);
  return { token: String(answer.body["token"]), id: (answer.body["credential"] as Body["credential"]).id };
};

function socketOf(hub: { url: string }, auth: Json) {
  const socket = io(`${hub.url}/cli`, { auth, transports: ["websocket"], forceNew: true, reconnection: false });
  const joined = new Promise<string>((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("connect_error", (error) => resolve(error.message));
  });
  const gone = new Promise<string>((resolve) => socket.once("disconnect", resolve));
  return { socket, joined, gone };
}

let hub: TestHub;
let owner: HubClient;
beforeAll(async () => {
  hub = await startTestHub();
  owner = await connectHub(hub);
});
afterAll(() => hub.close());

describe("a code", () => {
  test("signs one device in, once, however it is typed", async () => {
    const { body } = await owner.api("POST", "/credentials/codes", { role: "viewer" });
    expect(body["code"]).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    const code = String(body["code"]).toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
    const answer = await post(hub, "/api/auth/code", { code, name: "Phone" });
    expect(answer).toMatchObject({ status: 200, body: { credential: { name: "Phone", role: "viewer" } } });
    const { exp = 0, iat = 0, cid } = decodeJwt(answer.body.token);
    expect([exp - iat, cid]).toEqual([15 * 60, answer.body.credential.id]);
    expect(await post(hub, "/api/auth/code", { code })).toMatchObject({ status: 401, body: { code: "code_refused" } });
    expect((await get(hub, "/api/sessions", answer.body.token)).status).toBe(200);
  });

  test("is over after ten minutes, and with the sign-in that asked for it", async () => {
    const clock = createManualClock(Date.now());
    await using late = await startTestHub({ clock });
    const asking = await connectHub(late);
    const make = async (jwt = asking.jwt): Promise<string> =>
      (await post(late, "/api/credentials/codes", {}, { authorization: `Bearer ${jwt}` })).body.code;
    const [early, tooLate] = [await make(), await make()];
    await clock.advance(10 * 60_000 - 1);
    expect((await post(late, "/api/auth/code", { code: early })).status).toBe(200);
    await clock.advance(1);
    expect(await post(late, "/api/auth/code", { code: tooLate })).toMatchObject({ status: 401, body: { code: "code_refused" } });
    const thief = await device(late);
    const code = await make(thief.jwt);
    expect((await asking.api("DELETE", `/credentials/${thief.id}`)).body).toEqual({ ok: true, revoked: true });
    expect(await post(late, "/api/auth/code", { code })).toMatchObject({ status: 401, body: { code: "code_refused" } });
  });

  test("is good for no longer than its maker may make one: not past its end, nor once that one was narrowed", async () => {
    const clock = createManualClock(Date.now());
    await using late = await startTestHub({ clock });
    const asking = await connectHub(late);
    const codeOf = async (token: string): Promise<string> => {
      const { body } = await post(late, "/api/auth", { accessToken: token });
      return (await post(late, "/api/credentials/codes", {}, { authorization: `Bearer ${body.token}` })).body.code;
    };
    const admin = { kind: "integration", name: "A", role: "admin", lifetimeDays: 1 };
    const [ending, narrowed] = [await program(asking, admin), await program(asking, admin)];
    const ofNarrowed = await codeOf(narrowed.token);
    await asking.api("PUT", `/credentials/${narrowed.id}`, { role: "viewer" });
    expect(await post(late, "/api/auth/code", { code: ofNarrowed })).toMatchObject({ status: 401, body: { code: "code_refused" } });
    await clock.advance(86_400_000 - 60_000);
    const ofEnding = await codeOf(ending.token);
    await clock.advance(60_000);
    expect(await post(late, "/api/auth/code", { code: ofEnding })).toMatchObject({ status: 401, body: { code: "code_refused" } });
  });

  test("tells the one who made it, and nobody else, what became of it", async () => {
    const clock = createManualClock(Date.now());
    await using late = await startTestHub({ clock });
    const [asking, other] = [await connectHub(late), await device(late)];
    const make = async () => (await asking.api("POST", "/credentials/codes", { role: "viewer" })).body;
    const state = async (id: unknown) => (await asking.api("GET", `/credentials/codes/${String(id)}`)).body;
    const [first, second] = [await make(), await make()];
    expect(first).toMatchObject({ expiresInMs: 10 * 60_000, expiresAt: clock.now() + 10 * 60_000 });
    expect(await state(first["id"])).toEqual({ state: "open" });
    const { body } = await post(late, "/api/auth/code", { code: first["code"], name: "Phone" });
    expect(await state(first["id"])).toEqual({ state: "used", usedAt: clock.now(), device: { id: body.credential.id, name: "Phone" } });
    expect((await get(late, `/api/credentials/codes/${String(first["id"])}`, other.jwt)).body).toEqual({ state: "over" } as never);
    expect(await state(second["id"])).toEqual({ state: "open" });
    await clock.advance(10 * 60_000);
    expect(await state(second["id"])).toEqual({ state: "over" });
    expect(await state("no-such")).toEqual({ state: "over" });
    expect((await post(late, "/api/auth", { accessToken: String(first["id"]) })).status).toBe(401);
  });

  test("is withdrawn by its maker's id for it, or by itself, and lets nobody in then; another's id withdraws none", async () => {
    const other = await device(hub);
    const make = async () => (await owner.api("POST", "/credentials/codes", { role: "viewer" })).body;
    const withdraw = async (jwt: string, which: unknown): Promise<unknown> => {
      const init = { method: "DELETE", headers: { authorization: `Bearer ${jwt}` } };
      return ((await (await fetch(`${hub.url}/api/credentials/codes/${String(which)}`, init)).json()) as Json)["withdrawn"];
    };
    const [byId, byCode, kept] = [await make(), await make(), await make()];
    expect([await withdraw(other.jwt, byId["id"]), await withdraw(other.jwt, "no-such")]).toEqual([false, false]);
    expect([await withdraw(owner.jwt, byId["id"]), await withdraw(owner.jwt, byId["id"])]).toEqual([true, false]);
    expect(await withdraw(other.jwt, String(byCode["code"]).toLowerCase())).toBe(true);
    for (const { code } of [byId, byCode])
      expect(await post(hub, "/api/auth/code", { code })).toMatchObject({ body: { code: "code_refused" } });
    expect((await post(hub, "/api/auth/code", { code: kept["code"] })).status).toBe(200);
    expect(await withdraw(owner.jwt, kept["id"])).toBe(false);
  });

  test("is guessed no faster than a token", async () => {
    const from = { "x-forwarded-for": "203.0.113.9" };
    for (let tries = 0; tries < 30; tries++) expect((await post(hub, "/api/auth/code", { code: "AAAA-BBBB-CCCC" }, from)).status).toBe(401);
    expect((await post(hub, "/api/auth/code", { code: "AAAA-BBBB-CCCC" }, from)).status).toBe(429);
    expect((await post(hub, "/api/auth/refresh", { refresh: "x" }, from)).status).toBe(429);
    expect((await post(hub, "/api/auth", { accessToken: hub.token }, from)).status).toBe(429);
  });
});

describe("a refresh secret", () => {
  const refresh = (token: string): Promise<Said> => post(hub, "/api/auth/refresh", { refresh: token });

  test("is replaced; one whose answer was lost may ask again", async () => {
    const first = (await device(hub)).refresh;
    const lost = await refresh(first);
    const second = await refresh(first);
    expect([lost.status, second.status]).toEqual([200, 200]);
    const third = await refresh(second.body.refresh);
    expect(third.status).toBe(200);
    expect((await get(hub, "/api/sessions", third.body.token)).status).toBe(200);
  });

  test.each([
    ["the one before", 0],
    ["one that was given beside it", 1],
  ])("that comes from a second holder ends the sign-in: %s", async (_name, which) => {
    const { refresh: first, jwt } = await device(hub);
    const stolen = await refresh(first);
    const own = await refresh(first);
    expect((await refresh(own.body.refresh)).status).toBe(200);
    const reused = await refresh([first, stolen.body.refresh][which] ?? "");
    expect(reused).toMatchObject({ status: 401, body: { code: "credential_revoked" } });
    for (const token of [jwt, stolen.body.token, own.body.token])
      expect(await get(hub, "/api/sessions", token)).toMatchObject({ status: 401, body: { code: "credential_revoked" } });
  });

  test("is no token for what is not renewed, and nothing near it is a secret", async () => {
    const { refresh: secret } = await device(hub);
    expect(await get(hub, "/cli/machines/m", secret)).toMatchObject({ status: 401, body: { code: "invalid_token" } });
    expect(await post(hub, "/api/auth", { accessToken: `${secret}:default` })).toMatchObject({ status: 401 });
    for (const wrong of ["", "hapi_", secret.slice(0, -1), `${secret}x`, secret.replace(/.$/, (last) => (last === "A" ? "B" : "A"))])
      expect(await refresh(wrong)).toMatchObject({ status: 401, body: { code: "invalid_token" } });
  });
});

test("one field is enough for a client: a code, then the secret it was answered, each time the new one", async () => {
  const { body } = await owner.api("POST", "/credentials/codes", { role: "operator" });
  const signedIn = await post(hub, "/api/auth", { accessToken: ` ${String(body["code"])} ` });
  expect(signedIn).toMatchObject({ status: 200, body: { credential: { role: "operator" } } });
  const renewed = await post(hub, "/api/auth", { accessToken: signedIn.body.refresh });
  const again = await post(hub, "/api/auth", { accessToken: renewed.body.refresh });
  expect([renewed.status, again.status, again.body.refresh !== renewed.body.refresh]).toEqual([200, 200, true]);
  expect(await post(hub, "/api/auth", { accessToken: signedIn.body.refresh })).toMatchObject({ body: { code: "credential_revoked" } });
  expect(await post(hub, "/api/auth", { accessToken: String(body["code"]) })).toMatchObject({
    status: 401,
    body: { code: "code_refused" },
  });
});

test("a device gets another name from who may see it, and stays signed in; the shared token keeps its own", async () => {
  const [phone, bob] = [await device(hub), await device(hub, "admin", "renamers")];
  const rename = (jwt: string, id: string, name: unknown) =>
    fetch(`${hub.url}/api/credentials/${id}/name`, {
      method: "PUT",
      headers: { authorization: `Bearer ${jwt}`, "content-type": "application/json" },
      body: JSON.stringify({ name }),
    });
  expect((await rename(bob.jwt, phone.id, "mine")).status).toBe(404);
  expect(await Promise.all(["", "x".repeat(81), 1].map(async (name) => (await rename(owner.jwt, phone.id, name)).status))).toEqual([
    400, 400, 400,
  ]);
  expect((await rename(owner.jwt, "legacy", "x")).status).toBe(404);
  expect((await rename(owner.jwt, phone.id, "Phone in the kitchen")).status).toBe(200);
  const { credentials } = (await get(hub, "/api/credentials", phone.jwt)).body;
  expect(credentials.find((one) => one["id"] === phone.id)).toMatchObject({ name: "Phone in the kitchen", isThis: true });
});

describe("revoked", () => {
  test("a device loses its stream and what it may within a second, and keeps that over a restart", async () => {
    const home = mkdtempSync(join(tmpdir(), "hub-credentials-"));
    try {
      const first = await startTestHub({ home });
      const phone = await device(first, "operator");
      const events = await fetch(`${first.url}/api/events`, {
        headers: { authorization: `Bearer ${phone.jwt}`, "accept-encoding": "identity" },
      });
      const text = events.text();
      const asked = performance.now();
      expect((await (await connectHub(first)).api("DELETE", `/credentials/${phone.id}`)).body).toEqual({ ok: true, revoked: true });
      expect(await text).toContain("connection-changed");
      expect(performance.now() - asked).toBeLessThan(1_000);
      const refused = { status: 401, body: { code: "credential_revoked" } };
      expect(await get(first, "/api/sessions", phone.jwt)).toMatchObject(refused);
      await first.close();
      await using again = await startTestHub({ home });
      expect(await get(again, "/api/sessions", phone.jwt)).toMatchObject(refused);
      expect(await post(again, "/api/auth/refresh", { refresh: phone.refresh })).toMatchObject(refused);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  test("a machine loses its sockets and may not come back; what it held goes on being there", async () => {
    const { token, id } = await program(owner, { kind: "machine", name: "Laptop", machineId: "m-revoked" });
    const made = await post(hub, "/cli/machines", { id: "m-revoked", metadata: null }, { authorization: `Bearer ${token}` });
    expect(made.status).toBe(200);
    const runner = socketOf(hub, { token, clientType: "machine-scoped", machineId: "m-revoked" });
    expect(await runner.joined).toBe("connected");
    await owner.api("DELETE", `/credentials/${id}`);
    expect(await runner.gone).toMatch(/disconnect|transport close/);
    const again = socketOf(hub, { token, clientType: "machine-scoped", machineId: "m-revoked" });
    expect(await again.joined).toContain("revoked");
    const machines = (await owner.api("GET", "/machines?all=1")).body["machines"] as Json[];
    expect(machines.map((machine) => machine["id"])).toContain("m-revoked");
  });

  test("by itself, and all others at once", async () => {
    const namespace = "family";
    const [one, two] = [await device(hub, "viewer", namespace), await device(hub, "admin", namespace)];
    const gone = await fetch(`${hub.url}/api/credentials/self`, { method: "DELETE", headers: { authorization: `Bearer ${one.jwt}` } });
    expect(await gone.json()).toEqual({ ok: true, revoked: true });
    expect((await get(hub, "/api/sessions", one.jwt)).status).toBe(401);
    const three = await device(hub, "viewer", namespace);
    const rest = await fetch(`${hub.url}/api/credentials`, { method: "DELETE", headers: { authorization: `Bearer ${two.jwt}` } });
    expect(await rest.json()).toEqual({ ok: true, revoked: 1 });
    expect([(await get(hub, "/api/sessions", three.jwt)).status, (await get(hub, "/api/sessions", two.jwt)).status]).toEqual([401, 200]);
  });
});

describe("namespaces", () => {
  test("a credential of one is of no other, whatever is written behind it, and an admin there sees its own", async () => {
    const bob = await program(owner, { kind: "integration", name: "bob's CLI", namespace: "bob" });
    for (const accessToken of [bob.token, `${bob.token}:bob`])
      expect(decodeJwt((await post(hub, "/api/auth", { accessToken })).body.token)["ns"]).toBe("bob");
    for (const other of ["default", "alice"])
      expect((await post(hub, "/api/auth", { accessToken: `${bob.token}:${other}` })).status).toBe(401);
    const admin = await device(hub, "admin", "bob");
    const seen = (await get(hub, "/api/credentials", admin.jwt)).body.credentials;
    expect(new Set(seen.map((one) => one["namespace"]))).toEqual(new Set(["bob"]));
    expect(JSON.stringify(seen)).not.toMatch(/hash/i);
    const asBob = { authorization: `Bearer ${admin.jwt}` };
    expect((await post(hub, "/api/credentials", { kind: "integration", name: "x", namespace: "default" }, asBob)).status).toBe(403);
    const ours = await device(hub);
    const revoke = await fetch(`${hub.url}/api/credentials/${ours.id}`, { method: "DELETE", headers: asBob });
    expect(revoke.status).toBe(404);
    const shared = await fetch(`${hub.url}/api/credentials/legacy`, { method: "DELETE", headers: asBob });
    expect(shared.status).toBe(404);
  });
});

describe("a machine", () => {
  test("is itself and its own sessions, and reads nothing else", async () => {
    const { token } = await program(owner, { kind: "machine", name: "Server", machineId: "m-own" });
    const as = { authorization: `Bearer ${token}` };
    const foreign = await owner.session({ metadata: { machineId: "m-other" } });
    expect((await post(hub, "/cli/machines", { id: "m-own", metadata: null }, as)).status).toBe(200);
    expect(await post(hub, "/cli/machines", { id: "m-other", metadata: null }, as)).toMatchObject({
      status: 403,
      body: { code: "machine_access_denied" },
    });
    const session = { tag: "own", metadata: { path: "/p", host: "h", machineId: "m-own" }, agentState: null };
    const made = await post(hub, "/cli/sessions", session, as);
    expect(made.status).toBe(200);
    const sid = made.body.session.id;
    for (const metadata of [null, { path: "/p", host: "h" }, { path: "/p", host: "h", machineId: "m-other" }])
      expect((await post(hub, "/cli/sessions", { ...session, tag: "x", metadata }, as)).status).toBe(403);
    expect((await post(hub, "/cli/sessions", { ...session, tag: "y", id: foreign.id }, as)).status).toBe(403);
    expect((await get(hub, `/cli/sessions/${sid}`, token)).status).toBe(200);
    expect((await get(hub, `/cli/sessions/${foreign.id}`, token)).status).toBe(403);
    const resumable = (await get(hub, "/cli/sessions/resumable", token)).body["sessions"];
    expect(JSON.stringify(resumable)).not.toContain(foreign.id);
    const jwt = (await post(hub, "/api/auth", { accessToken: token })).body.token;
    for (const path of ["/sessions", "/machines", "/events", `/sessions/${sid}`, "/credentials"])
      expect([path, (await get(hub, `/api${path}`, jwt)).body]).toMatchObject([path, { code: "scope_missing" }]);
    foreign.socket.close();
  });

  test("has its role for good: another is refused when it is made and when it is changed", async () => {
    const { id, token } = await program(owner, { kind: "machine", name: "Tower", machineId: "m-role" });
    const refused = { status: 400, body: { code: "invalid_body" } };
    for (const role of ["admin", "program", "viewer", null]) {
      expect([role, await owner.api("PUT", `/credentials/${id}`, { role })]).toMatchObject([role, refused]);
      const body = { kind: "machine", name: "Tower", machineId: "m-role", ...(role === null ? { machineId: undefined } : { role }) };
      expect([role, await owner.api("POST", "/credentials", body)]).toMatchObject([role, refused]);
    }
    expect((await owner.api("PUT", `/credentials/${id}`, { role: "machine" })).status).toBe(200);
    const { body } = await post(hub, "/api/auth", { accessToken: token });
    expect((await get(hub, "/api/credentials", body.token)).body.code).toBe("scope_missing");
  });

  test("takes over nobody's spawn and nobody's session", async () => {
    const { token } = await program(owner, { kind: "machine", name: "Thief", machineId: "m-thief" });
    const foreign = await owner.session({ metadata: { machineId: "m-victim" } });
    await owner.cli("POST", "/machines", { id: "m-victim", metadata: null });
    const asMachine = socketOf(hub, { token, clientType: "machine-scoped", machineId: "m-victim" });
    expect(await asMachine.joined).toBe("Machine access denied");
    const asSession = socketOf(hub, { token, clientType: "session-scoped", sessionId: foreign.id });
    expect(await asSession.joined).toBe("connected");
    expect(await asSession.socket.emitWithAck("rpc-register", { method: `${foreign.id}:uploadFile` })).toMatchObject({
      code: "session_not_found",
    });
    const text = { sid: foreign.id, message: { role: "agent", content: { type: "codex", data: {} } } };
    expect(await asSession.socket.emitWithAck("message", text)).toMatchObject({ code: "session_access_denied" });
    asSession.socket.close();
    foreign.socket.close();
  });
});

describe("the shared token", () => {
  test("with another machine's socket writes into no session that is not that machine's", async () => {
    const victim = await owner.session({ metadata: { machineId: "m-a" } });
    await owner.cli("POST", "/machines", { id: "m-b", metadata: null });
    const runner = socketOf(hub, { token: hub.token, clientType: "machine-scoped", machineId: "m-b" });
    expect(await runner.joined).toBe("connected");
    const text = { sid: victim.id, message: { role: "agent", content: { type: "codex", data: {} } } };
    expect(await runner.socket.emitWithAck("message", text)).toMatchObject({ code: "session_access_denied" });
    runner.socket.close();
    victim.socket.close();
  });

  test("is narrowed to a role, taken away with one clear refusal, and given back by a device", async () => {
    await using own = await startTestHub();
    const admin = await device(own);
    const call = async (method: string, body?: object): Promise<number> => {
      const headers = { authorization: `Bearer ${admin.jwt}`, "content-type": "application/json" };
      const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
      return (await fetch(`${own.url}/api/credentials/legacy`, init)).status;
    };
    const legacy = await connectHub(own);
    const { socket } = await legacy.session();
    // Nobody could let anybody in any more.
    await using alone = await startTestHub();
    const last = await (await connectHub(alone)).api("DELETE", "/credentials/legacy");
    expect(last).toMatchObject({ status: 409, body: { code: "apply_failed" } });
    expect(await call("PUT", { role: "viewer" })).toBe(200);
    expect((await legacy.api("GET", "/sessions")).status).toBe(200);
    expect((await legacy.api("POST", "/credentials/codes", {})).body).toMatchObject({ code: "scope_missing" });
    expect((await legacy.cli("POST", "/machines", { id: "m", metadata: null })).body).toMatchObject({ code: "scope_missing" });
    const narrowed = socketOf(own, { token: own.token, clientType: "session-scoped", sessionId: "s" });
    expect(await narrowed.joined).toContain("may not do that");
    const gone = new Promise((resolve) => socket.once("disconnect", resolve));
    if (socket.connected) await gone;
    expect(await call("DELETE")).toBe(200);
    const off = { status: 401, body: { code: "legacy_access_off" } };
    expect(await legacy.api("GET", "/sessions")).toMatchObject(off);
    expect(await legacy.cli("GET", "/machines/m")).toMatchObject(off);
    expect(await post(own, "/api/auth", { accessToken: own.token })).toMatchObject(off);
    // Whoever has the wrong one hears nothing of it.
    expect(await post(own, "/api/auth", { accessToken: "wrong" })).toMatchObject({ status: 401, body: { code: "invalid_access_token" } });
    const refused = socketOf(own, { token: own.token, clientType: "session-scoped", sessionId: "s" });
    expect(await refused.joined).toContain("takes no shared token any more");
    expect(await call("PUT", { role: null })).toBe(200);
    expect((await legacy.cli("POST", "/machines", { id: "m", metadata: null })).status).toBe(200);
  });
});
