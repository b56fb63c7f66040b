/** Every route, socket event and call × every role × a foreign namespace. The lists are read from the app and the wire, so that none is forgotten. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { clientEvents, clientEventScopes, type ClientEventName } from "@hapi/protocol";
import { rpcCalls, type RpcSpec } from "@hapi/protocol/rpc";
import { ROLE_SCOPES, ROLES, type Role, type Scope, SCOPES } from "@hapi/protocol/scopes";
import { connectHub, type HubClient } from "@hapi/testkit";
import { Hono } from "hono";
import { io } from "socket.io-client";
import { checkDeclared, type DeclaredRoute } from "../../src/http/needs.ts";
import { routeNeeds } from "../../src/testing.ts";
import { machine, serveRpc, withHub } from "./setup.ts";

const rig = withHub();
const routes = routeNeeds();
const open = routes.filter(({ need }) => need === null).map(({ method, path }) => `${method} ${path}`);
const scoped = routes.filter((route): route is DeclaredRoute & { need: Scope } => SCOPES.some((scope) => scope === route.need));

/** One of each role, each in a namespace of its own. */
const tokens = new Map<Role, { cli: string; jwt: string }>();
let session = "";
const machineId = "machine-of-owner";
const sockets: { close(): unknown }[] = [];

beforeAll(async () => {
  const owner = await connectHub(rig.hub);
  for (const role of ROLES) {
    const kind = role === "machine" ? { kind: "machine", machineId: `m-${role}` } : { kind: "integration", role };
    const made = await owner.api("POST", "/credentials", { ...kind, name: role, namespace: `of-${role}` });
    const cli = String(made.body["token"]);
    const body = JSON.stringify({ accessToken: cli });
    const signedIn = await fetch(`${rig.hub.url}/api/auth`, { method: "POST", headers: { "content-type": "application/json" }, body });
    tokens.set(role, { cli, jwt: ((await signedIn.json()) as { token: string }).token });
  }
  const live = await (await rig.client()).session();
  session = live.id;
  sockets.push(live.socket);
  sockets.push((await machine(owner, machineId)).socket);
});
afterAll(() => {
  for (const socket of sockets) socket.close();
});

/** What it answers; of a stream its first bytes. */
async function ask(
  { method, path }: { method: string; path: string },
  role: Role,
  id = "nobody",
): Promise<[status: number, code: unknown]> {
  const { cli, jwt } = tokens.get(role) ?? { cli: "", jwt: "" };
  const abort = new AbortController();
  const concrete = path.replace(":id", id).replace(/:\w+/g, "x").replace("*", "x");
  const query = path.endsWith("/messages") && path.startsWith("/cli") ? "?afterSeq=0" : "?path=x&cwd=x";
  const asked = method === "ALL" ? "POST" : method;
  const response = await fetch(`${rig.hub.url}${concrete}${query}`, {
    method: asked,
    headers: { authorization: `Bearer ${path.startsWith("/cli") ? cli : jwt}`, "content-type": "application/json" },
    signal: abort.signal,
    ...(asked === "GET" ? {} : { body: "{}" }),
  });
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  const code = isJson ? ((await response.json()) as { code?: unknown }).code : undefined;
  abort.abort();
  return [response.status, code];
}

describe("routes", () => {
  test("what is open to everybody is this alone", () => {
    const signingIn = ["", "/code", "/passkey", "/passkey/options", "/refresh"].map((rest) => `POST /api/auth${rest}`);
    expect(open.toSorted()).toEqual(["GET /health", ...signingIn, "POST /api/bind"]);
    expect(routes.filter(({ need }) => need === "anyone").map(({ method, path }) => `${method} ${path}`)).toEqual([
      "DELETE /api/credentials/:id",
      "POST /api/proof/passkey/options",
      "POST /api/proof/passkey",
    ]);
    expect(scoped.length).toBeGreaterThan(90);
  });

  test("one that says nothing keeps the hub from starting", () => {
    const forgotten = new Hono().get("/sessions/:id/secret", (c) => c.text("x"));
    expect(() => checkDeclared(forgotten)).toThrow("No scope is declared for GET /sessions/:id/secret");
  });

  for (const role of ROLES) {
    test(`are open to the role ${role} as far as it goes`, async () => {
      const has: readonly Scope[] = ROLE_SCOPES[role];
      for (const route of scoped) {
        const [status, code] = await ask(route, role);
        const said = `${role} ${route.method} ${route.path} (${route.need}): ${status} ${String(code)}`;
        if (has.includes(route.need)) expect([said, status === 401 || code === "scope_missing"]).toEqual([said, false]);
        else expect([said, status, code]).toEqual([said, 403, "scope_missing"]);
      }
    });

    test(`show the role ${role} nothing of another namespace`, async () => {
      for (const route of scoped.filter(({ path }) => /^\/(?:api|cli)\/(?:sessions|machines)\/:id/.test(path))) {
        const [status, code] = await ask(route, role, route.path.includes("/machines/") ? machineId : session);
        expect([role, route.method, route.path, status]).toEqual([role, route.method, route.path, 403]);
        expect(["scope_missing", "session_access_denied", "machine_access_denied"]).toContain(String(code));
      }
    });
  }
});

describe("socket events", () => {
  test("each has a scope, and none has one that is not there", () => {
    expect(Object.keys(clientEventScopes).toSorted()).toEqual(Object.keys(clientEvents).toSorted());
    expect(Object.values(clientEventScopes).filter((scope) => !SCOPES.includes(scope))).toEqual([]);
  });

  const join = (role: Role, auth: object) => {
    const token = tokens.get(role)?.cli;
    const socket = io(`${rig.hub.url}/cli`, { auth: { token, ...auth }, transports: ["websocket"], forceNew: true, reconnection: false });
    sockets.push(socket);
    return new Promise<[said: string, socket: typeof socket]>((resolve) => {
      socket.once("connect", () => resolve(["connected", socket]));
      socket.once("connect_error", (error) => resolve([error.message, socket]));
    });
  };

  for (const role of ROLES) {
    test(`as the role ${role}`, async () => {
      const has: readonly Scope[] = ROLE_SCOPES[role];
      for (const [scope, auth] of [
        ["session:act", { clientType: "session-scoped", sessionId: "s" }],
        ["machine:act", { clientType: "machine-scoped", machineId: `m-${role}` }],
      ] as const) {
        const [said, socket] = await join(role, auth);
        expect([role, scope, said === "connected"]).toEqual([role, scope, has.includes(scope)]);
        if (!socket.connected) continue;
        for (const name of Object.keys(clientEvents) as ClientEventName[]) {
          if (name === "rpc-unregister" || name === "rpc-register") continue;
          // Of a foreign namespace's session and machine.
          const answer = await socket.emitWithAck(name, frameOf(name));
          const refused = "code" in answer ? answer.code : answer.reason;
          expect([role, name, ["session_access_denied", "machine_access_denied", "access-denied"].includes(refused)]).toEqual([
            role,
            name,
            true,
          ]);
        }
      }
    });
  }
});

function frameOf(name: ClientEventName): object {
  const at = { time: Date.now(), at: 1, expectedVersion: 1, agentState: {}, runnerState: null };
  const prompts = { localIds: ["x"], localId: "x", state: "queued", stage: "handed" };
  const text = { message: { role: "agent", content: {} }, itemId: "i", kind: "text", offset: 0, delta: "x" };
  return {
    sid: session,
    machineId,
    ...at,
    ...prompts,
    ...text,
    ...(name.endsWith("metadata") ? { metadata: { path: "/", host: "h" } } : {}),
  };
}

describe("calls to sessions and machines", () => {
  /** Enough of everything for every body there is. */
  const full = {
    ...{ mode: "default", permissionMode: "default", model: "m", effort: "high", modelReasoningEffort: "high", enabled: true },
    ...{ directory: "/tmp", path: "/p", paths: ["/p"], filename: "f", content: "eA==", mimeType: "text/plain", name: "n", text: "t" },
    ...{ displayName: "d", localIds: ["x"], at: 1, to: "remote", from: "thread", scope: "turn", reason: "r" },
  };
  /** Beside what was asked for, as its consequence: what the hub does itself. */
  const follows: Record<string, readonly string[]> = {
    "POST /api/sessions/:id/fork": ["spawn-happy-session"],
    "POST /api/sessions/:id/archive": ["killSession"],
  };

  const specs = Object.values(rpcCalls).flatMap((table) => Object.values(table as Record<string, RpcSpec>));

  test("each has a scope that is there", () => {
    expect(specs.length).toBeGreaterThan(40);
    expect(specs.filter(({ scope }) => !SCOPES.includes(scope)).map(({ wire }) => wire)).toEqual([]);
  });

  test("are reached by no route that does not ask for theirs", async () => {
    const owner: HubClient = await rig.client();
    const answers = Object.fromEntries(specs.map(({ wire }) => [wire, () => ({ success: true, applied: {}, exists: {}, agents: [] })]));
    const runner = await machine(owner, "m-calls", answers);
    const seen: string[] = [];
    const tooMuch: string[] = [];
    for (const route of scoped.filter(({ path }) => /\/:id/.test(path))) {
      const live = await owner.session({ metadata: { machineId: "m-calls", flavor: "claude" } });
      const calls = await serveRpc(live.socket, live.id, answers);
      runner.calls.length = 0;
      const id = route.path.includes("/machines/") ? "m-calls" : live.id;
      const path = route.path.replace(":id", id).replace(/:\w+/g, "x").replace("*", "x");
      const body = route.method === "GET" ? undefined : full;
      await owner[path.startsWith("/cli") ? "cli" : "api"](
        route.method === "ALL" ? "POST" : route.method,
        `${path.slice(4)}?path=x&cwd=x&afterSeq=0`,
        body,
      );
      for (const { method } of [...calls, ...runner.calls]) {
        const wire = method.slice(method.indexOf(":") + 1);
        const name = `${route.method} ${route.path}`;
        seen.push(wire);
        const isAskedFor = specs.some((spec) => spec.wire === wire && spec.scope === route.need);
        if (!isAskedFor && !follows[name]?.includes(wire)) tooMuch.push(`${name} (${route.need}) calls ${wire}`);
      }
      live.socket.close();
    }
    runner.socket.close();
    expect(tooMuch).toEqual([]);
    expect(new Set(seen).size).toBeGreaterThan(20);
  }, 120_000);
});
