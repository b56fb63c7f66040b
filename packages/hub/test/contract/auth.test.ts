/** Login, tokens and the errors of the two planes : `/api` takes a JWT, `/cli` the access token (docs/protocol.md). */
import { describe, expect, test } from "bun:test";
import { decodeJwt, SignJWT } from "jose";
import { withHub } from "./setup.ts";

const rig = withHub();

async function post(path: string, body: string): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(rig.hub.url + path, { method: "POST", headers: { "content-type": "application/json" }, body });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

describe("POST /api/auth", () => {
  test("an access token becomes a JWT of four hours with its namespace", async () => {
    const { status, body } = await post("/api/auth", JSON.stringify({ accessToken: `${rig.hub.token}:alice` }));
    expect(status).toBe(200);
    const { token, user } = body as { token: string; user: { id: number; firstName: string } };
    expect(user.firstName).toBe("Web User");
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ uid: user.id, ns: "alice" });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(4 * 3600);
  });

  test("without a suffix the namespace is default, the owner id is the same everywhere", async () => {
    const { body } = await post("/api/auth", JSON.stringify({ accessToken: rig.hub.token }));
    const other = await post("/api/auth", JSON.stringify({ accessToken: `${rig.hub.token}:bob` }));
    expect(decodeJwt((body as { token: string }).token)["ns"]).toBe("default");
    expect((other.body as { user: { id: number } }).user.id).toBe((body as { user: { id: number } }).user.id);
  });

  test.each(["wrong", "", ":", "x:", `:${"x"}`, " : ", "a:b:c"])("token %p is refused", async (accessToken) => {
    const { status, body } = await post("/api/auth", JSON.stringify({ accessToken }));
    expect([status, body]).toEqual([401, { error: "Invalid access token", code: "invalid_access_token" }]);
  });

  test("bodies that are no login", async () => {
    expect(await post("/api/auth", "{}")).toMatchObject({ status: 400, body: { error: "Invalid body", code: "invalid_body" } });
    expect(await post("/api/auth", "{nope")).toMatchObject({ status: 400, body: { code: "invalid_json" } });
    expect(await post("/api/auth", JSON.stringify({ initData: "x" }))).toMatchObject({ status: 503, body: { code: "telegram_disabled" } });
    expect(await post("/api/bind", JSON.stringify({ initData: "x", accessToken: "y" }))).toMatchObject({ status: 503 });
  });
});

describe("the /api plane", () => {
  test("needs a token of ours", async () => {
    const bare = await fetch(`${rig.hub.url}/api/sessions`);
    expect([bare.status, await bare.json()]).toEqual([401, { error: "Missing authorization token", code: "missing_token" }]);
    const foreign = await new SignJWT({ uid: 1, ns: "alice" })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode("x".repeat(32)));
    const answer = await fetch(`${rig.hub.url}/api/sessions`, { headers: { authorization: `Bearer ${foreign}` } });
    expect([answer.status, await answer.json()]).toEqual([401, { error: "Invalid token", code: "invalid_token" }]);
  });

  test("takes ?token= on the event stream only", async () => {
    const jwt = await rig.hub.login();
    const abort = new AbortController();
    const events = await fetch(`${rig.hub.url}/api/events?token=${jwt}`, { signal: abort.signal });
    expect(events.status).toBe(200);
    abort.abort();
    const list = await fetch(`${rig.hub.url}/api/sessions?token=${jwt}`);
    expect(list.status).toBe(401);
  });

  test("unknown routes are a 404 with a code", async () => {
    const client = await rig.client();
    expect(await client.api("GET", "/nothing-here")).toMatchObject({ status: 404, body: { code: "not_found" } });
  });
});

describe("the /cli plane", () => {
  test("carries the protocol version also on errors", async () => {
    for (const [headers, error] of [
      [{}, "Missing Authorization header"],
      [{ authorization: "Basic x" }, "Invalid Authorization header"],
      [{ authorization: "Bearer wrong" }, "Invalid token"],
    ] as const) {
      const response = await fetch(`${rig.hub.url}/cli/machines/__healthcheck__`, { headers });
      expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([401, error]);
      expect(response.headers.get("x-hapi-protocol-version")).toBe("1");
    }
    const client = await rig.client();
    const missing = await client.cli("GET", "/machines/__healthcheck__");
    expect(missing).toMatchObject({ status: 404, body: { error: "Machine not found" } });
    expect(missing.headers.get("x-hapi-protocol-version")).toBe("1");
  });
});

test("health needs no token", async () => {
  const response = await fetch(`${rig.hub.url}/health`);
  expect([response.status, await response.json()]).toEqual([
    200,
    { status: "ok", protocolVersion: 1, capabilities: { workGraph: false, titleSuggestion: false } },
  ]);
});

test("a body above the limit is 413, and says so as JSON", async () => {
  const client = await rig.client();
  const { id } = await client.session();
  const answer = await client.api("POST", `/sessions/${id}/messages`, { text: "x".repeat(69 * 1024 * 1024) });
  expect(answer).toMatchObject({ status: 413, body: { code: "body_too_large" } });
}, 80_000);

test("many wrong tokens in a row are slowed, right ones never", async () => {
  const tries = await Promise.all(Array.from({ length: 60 }, () => post("/api/auth", JSON.stringify({ accessToken: "guess" }))));
  expect(tries.some((answer) => answer.status === 429)).toBe(true);
});

test("who has not logged in can't send much", async () => {
  const send = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${rig.hub.url}/api${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  const long = JSON.stringify({ accessToken: "x".repeat(65 * 1024), initData: "" });
  const streamed = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(long));
      controller.close();
    },
  });
  for (const answer of [await send("/auth", long), await send("/bind", long), await send("/auth", streamed)])
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([413, "body_too_large"]);
});
