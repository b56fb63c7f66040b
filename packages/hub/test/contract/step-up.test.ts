/** Step-up by black box: what reaches far asks who has a passkey for a fresh one, and nobody else for anything. */
import { describe, expect, test } from "bun:test";
import { connectHub, createManualClock, type HubClient, startTestHub, type TestHub } from "@hapi/testkit";
import { routeNeeds } from "../../src/testing.ts";
import { type Authenticator, authenticator, type Told } from "./authenticator.ts";
import { machine, serveRpc, withHub } from "./setup.ts";

type Json = Record<string, unknown>;
interface Said {
  status: number;
  body: Json;
}

const pageOf = ({ url }: { url: string }): string => url.replace("127.0.0.1", "localhost");

async function ask(hub: { url: string }, [method, path, body]: [string, string, object?], jwt = ""): Promise<Said> {
  const origin = pageOf(hub);
  const headers = { "content-type": "application/json", host: new URL(origin).host, origin, authorization: `Bearer ${jwt}` };
  const response = await fetch(`${hub.url}/api${path}`, {
    method,
    headers,
    body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
  });
  return { status: response.status, body: (await response.json()) as Json };
}

interface Person {
  owner: HubClient;
  key: Authenticator;
}

/** Of a namespace with one passkey. */
async function person(hub: TestHub, namespace?: string): Promise<Person> {
  const [owner, key] = [await connectHub(hub, namespace), authenticator(pageOf(hub))];
  const { body: options } = await ask(hub, ["POST", "/passkeys/options"], owner.jwt);
  expect((await ask(hub, ["POST", "/passkeys", { name: "Key", response: key.create(options) }], owner.jwt)).status).toBe(201);
  return { owner, key };
}

/** One that came in by a code. */
async function deviceOf(hub: TestHub, { owner }: Pick<Person, "owner">, role = "admin"): Promise<string> {
  const { body } = await owner.api("POST", "/credentials/codes", { role });
  return String((await ask(hub, ["POST", "/auth/code", { code: body["code"] }])).body["token"]);
}

async function prove(hub: TestHub, { key }: Pick<Person, "key">, jwt: string, told?: Told): Promise<Said> {
  const { body: options } = await ask(hub, ["POST", "/proof/passkey/options"], jwt);
  return ask(hub, ["POST", "/proof/passkey", { response: key.get(options, told) }], jwt);
}

const refused = { status: 403, body: { code: "step_up_required", ways: ["passkey"] } };
const rig = withHub();

describe("who has a passkey", () => {
  test("is asked for it, once in five minutes, by every route that says so; having come by a code is no proof", async () => {
    const clock = createManualClock(Date.now());
    await using hub = await startTestHub({ clock });
    const one = await person(hub);
    const jwt = await deviceOf(hub, one);
    const codes = (): Promise<Said> => ask(hub, ["POST", "/credentials/codes"], jwt);
    expect(await codes()).toMatchObject(refused);
    expect(await prove(hub, one, jwt)).toMatchObject({ status: 200, body: { ok: true } });
    expect((await codes()).status).toBe(201);
    await clock.advance(5 * 60_000);
    expect((await codes()).status).toBe(201);
    await clock.advance(1);
    expect(await codes()).toMatchObject(refused);
    // what does not reach far goes on
    expect((await ask(hub, ["GET", "/credentials"], jwt)).status).toBe(200);
  });

  test("who lost all of them, with the shared token off, gets back in on the hub's own computer: by locking", async () => {
    await using hub = await startTestHub();
    const one = await person(hub);
    const jwt = await deviceOf(hub, one);
    expect((await one.owner.api("DELETE", "/credentials/legacy")).status).toBe(200);
    expect((await ask(hub, ["POST", "/auth", { accessToken: hub.token }])).status).toBe(401);
    expect(await ask(hub, ["POST", "/credentials/codes"], jwt)).toMatchObject(refused);
    expect((await ask(hub, ["PUT", "/lock"], jwt)).status).toBe(200);
    const here = String((await ask(hub, ["POST", "/auth", { accessToken: hub.token }])).body["token"]);
    const [lost] = (await ask(hub, ["GET", "/passkeys"], here)).body["passkeys"] as { id: string }[];
    expect((await ask(hub, ["DELETE", `/passkeys/${lost?.id}`], here)).status).toBe(200);
    const { body } = await ask(hub, ["POST", "/credentials/codes", { role: "admin" }], here);
    const again = String((await ask(hub, ["POST", "/auth/code", { code: body["code"] }])).body["token"]);
    expect((await ask(hub, ["DELETE", "/lock"], here)).status).toBe(200);
    expect((await ask(hub, ["POST", "/credentials/codes"], again)).status).toBe(201);
  });

  test("is not asked after signing in with it, nor in another sign-in's place", async () => {
    const { hub } = rig;
    const one = await person(hub, "signed-in");
    const { body: options } = await ask(hub, ["POST", "/auth/passkey/options"]);
    const { body } = await ask(hub, ["POST", "/auth/passkey", { response: one.key.get(options) }]);
    expect((await ask(hub, ["POST", "/credentials/codes"], String(body["token"]))).status).toBe(201);
    expect(await ask(hub, ["POST", "/credentials/codes"], await deviceOf(hub, one))).toMatchObject(refused);
  });

  test("is asked by these routes, and what is not asked for is not done", async () => {
    const { hub } = rig;
    const one = await person(hub, "routes");
    const jwt = await deviceOf(hub, one);
    const fresh = routeNeeds().filter((route) => route.fresh);
    expect(fresh.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      "DELETE /api/credentials",
      "DELETE /api/passkeys/:id",
      "GET /api/sessions/:id/export",
      "POST /api/credentials",
      "POST /api/credentials/codes",
      "POST /api/passkeys",
      "POST /api/passkeys/options",
      "POST /api/storage/restore",
      "PUT /api/credentials/:id",
    ]);
    for (const { method, path } of fresh) {
      const at = path.replace("/api", "").replace(":id", one.key.id);
      expect([method, path, (await ask(hub, [method, at], jwt)).body["code"]]).toEqual([method, path, "step_up_required"]);
    }
    const { body } = await one.owner.api("GET", "/credentials");
    const other = (body["credentials"] as Json[]).find(({ kind }) => kind === "device");
    expect(await ask(hub, ["DELETE", `/credentials/${String(other?.["id"])}`], jwt)).toMatchObject(refused);
    expect((await one.owner.api("GET", "/passkeys")).body).toMatchObject({ passkeys: [{ id: one.key.id }] });
    // out one gets by oneself
    expect((await ask(hub, ["DELETE", "/credentials/self"], jwt)).status).toBe(200);
  });

  test("is asked before an agent asks nothing any more: in a mode, a start, an answer, a resume", async () => {
    const { hub } = rig;
    const one = await person(hub, "modes");
    const jwt = await deviceOf(hub, one, "operator");
    const runner = await machine(one.owner, "m-modes", { "spawn-happy-session": () => ({ type: "success", sessionId: "s" }) });
    const live = await one.owner.session({ metadata: { machineId: "m-modes", flavor: "claude" } });
    const calls = await serveRpc(live.socket, live.id, { "set-session-config": () => ({ applied: { permissionMode: "default" } }) });
    const at = `/sessions/${live.id}`;
    const asking: [string, string, object][] = [
      ["POST", `${at}/permission-mode`, { mode: "bypassPermissions" }],
      ["POST", `${at}/resume`, { permissionMode: "yolo" }],
      ["POST", `${at}/permissions/r/approve`, { mode: "bypassPermissions" }],
      ["POST", "/machines/m-modes/spawn", { directory: "/tmp", agent: "claude", yolo: true }],
      ["POST", "/machines/m-modes/spawn", { directory: "/tmp", agent: "claude", permissionMode: "bypassPermissions" }],
    ];
    for (const each of asking) expect([each[1], (await ask(hub, each, jwt)).body["code"]]).toEqual([each[1], "step_up_required"]);
    expect([calls, runner.calls]).toEqual([[], []]);
    expect((await ask(hub, ["POST", `${at}/permission-mode`, { mode: "plan" }], jwt)).body["code"]).not.toBe("step_up_required");
    expect((await prove(hub, one, jwt)).status).toBe(200);
    for (const each of asking) expect([each[1], (await ask(hub, each, jwt)).body["code"]]).not.toEqual([each[1], "step_up_required"]);
    expect(runner.calls).toHaveLength(2);
    live.socket.close();
    runner.socket.close();
  });
});

describe("a proof", () => {
  test("is no other namespace's, sign-in's or purpose's, and none that was given before", async () => {
    const { hub } = rig;
    const [one, foreign] = [await person(hub, "proof"), await person(hub, "foreign-proof")];
    const [jwt, other] = [await deviceOf(hub, one), await deviceOf(hub, one)];
    const no = { status: 403, body: { code: "passkey_refused" } };
    const optionsFor = async (bearer: string): Promise<Json> => (await ask(hub, ["POST", "/proof/passkey/options"], bearer)).body;
    const give = (response: object, bearer: string): Promise<Said> => ask(hub, ["POST", "/proof/passkey", { response }], bearer);

    expect(await prove(hub, { key: foreign.key }, jwt)).toMatchObject(no);
    expect(await give(one.key.get(await optionsFor(other)), jwt)).toMatchObject(no);
    expect(await give(one.key.get((await ask(hub, ["POST", "/auth/passkey/options"])).body), jwt)).toMatchObject(no);
    const proof = one.key.get(await optionsFor(jwt));
    expect(await ask(hub, ["POST", "/auth/passkey", { response: proof }])).toMatchObject(no);
    expect(await give(proof, jwt)).toMatchObject({ status: 409, body: { code: "challenge_over" } });
    expect(await prove(hub, one, jwt, { isVerified: false })).toMatchObject(no);
    expect(await prove(hub, one, jwt, { origin: "https://evil.example" })).toMatchObject(no);
    expect(await ask(hub, ["POST", "/credentials/codes"], jwt)).toMatchObject(refused);
    expect((await prove(hub, one, other)).status).toBe(200);
    expect(await ask(hub, ["POST", "/credentials/codes"], jwt)).toMatchObject(refused);
  });

  test("says where the passkeys are, where none is for this name", async () => {
    const { hub } = rig;
    const one = await person(hub, "elsewhere");
    const jwt = await deviceOf(hub, one);
    const headers = {
      "content-type": "application/json",
      host: "hub.localhost",
      origin: "https://hub.localhost",
      authorization: `Bearer ${jwt}`,
    };
    const response = await fetch(`${hub.url}/api/proof/passkey/options`, { method: "POST", headers, body: "{}" });
    expect(await response.json()).toMatchObject({
      code: "passkey_unavailable",
      error: "Your passkeys are for localhost; open the hub there",
    });
  });
});

describe("nobody is asked", () => {
  test("where there is no passkey, nor once the last was deleted", async () => {
    const { hub } = rig;
    const owner = await connectHub(hub, "without");
    expect((await ask(hub, ["POST", "/credentials/codes"], await deviceOf(hub, { owner }))).status).toBe(201);
    const one = await person(hub, "deleted");
    const jwt = await deviceOf(hub, one);
    expect(await ask(hub, ["POST", "/credentials/codes"], jwt)).toMatchObject(refused);
    expect((await one.owner.api("DELETE", `/passkeys/${one.key.id}`)).status).toBe(200);
    expect((await ask(hub, ["POST", "/credentials/codes"], jwt)).status).toBe(201);
  });

  test("who has the shared token; a program is refused what is an admin's, in words, and goes on with what its role is for", async () => {
    const { hub } = rig;
    const one = await person(hub, "programs");
    expect((await one.owner.api("POST", "/credentials/codes", {})).status).toBe(201);
    const { body } = await one.owner.api("POST", "/credentials", { kind: "integration", name: "ci", role: "admin" });
    const { body: signedIn } = await ask(hub, ["POST", "/auth", { accessToken: body["token"] }]);
    const jwt = String(signedIn["token"]);
    const said = await ask(hub, ["POST", "/credentials/codes"], jwt);
    expect([said.status, said.body["code"], String(said.body["error"]).includes("Do it in the web app")]).toEqual([
      403,
      "step_up_required",
      true,
    ]);
    const runner = await machine(one.owner, "m-programs", { "spawn-happy-session": () => ({ type: "success", sessionId: "s" }) });
    const spawned = await ask(hub, ["POST", "/machines/m-programs/spawn", { directory: "/tmp", agent: "claude", yolo: true }], jwt);
    expect(spawned.body["code"]).not.toBe("step_up_required");
    expect(runner.calls).toHaveLength(1);
    runner.socket.close();
  });
});
