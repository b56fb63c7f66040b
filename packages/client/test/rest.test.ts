import { describe, expect, test } from "bun:test";
import type { AppError } from "@hapi/protocol";
import { createHubApi } from "../src/index.ts";
import { manualClock } from "./manual-clock.ts";
import { startHttpHub } from "./scripted-http-hub.ts";

const jwt = (exp: number, serial: number): string => `h.${btoa(JSON.stringify({ exp, n: serial }))}.s`;
const failed = (status: number, body: object): Response => Response.json(body, { status });

/** A hub that gives tokens of `lifeMs` and takes only the newest. */
function tokenHub(now: () => number, lifeMs: number) {
  let serial = 0;
  let valid = "";
  return {
    issued: () => serial,
    revoke: () => {
      valid = "";
    },
    routes: {
      "POST /api/auth": (_request: Request, body: unknown) => {
        if ((body as { accessToken: string }).accessToken !== "secret") return failed(401, { error: "Invalid access token" });
        serial += 1;
        valid = jwt((now() + lifeMs) / 1000, serial);
        return { token: valid, user: { id: 1 } };
      },
      "GET /api/sessions": (request: Request) =>
        request.headers.get("authorization") === `Bearer ${valid}`
          ? { sessions: [{ broken: true }] }
          : failed(401, { error: "Invalid token", code: "invalid_token" }),
    },
  };
}

describe("REST client", () => {
  test("many calls share one sign-in; a refused token is renewed once; one near its end before it is used", async () => {
    const clock = manualClock();
    const tokens = tokenHub(clock.now, 600_000);
    await using hub = await startHttpHub(tokens.routes);
    const api = createHubApi({ baseUrl: hub.url, accessToken: () => "secret", clock });
    await Promise.all([api.sessions.list(), api.sessions.list(), api.sessions.list()]);
    expect(tokens.issued()).toBe(1);
    tokens.revoke();
    expect(await api.sessions.list()).toEqual([]);
    expect(tokens.issued()).toBe(2);
    await clock.advance(560_000);
    await api.sessions.list();
    expect(tokens.issued()).toBe(3);
  });

  test("a secret that the hub renews is kept, and sent the next time", async () => {
    const clock = manualClock();
    let known = "ABCD-EFGH-JKMN";
    await using hub = await startHttpHub({
      "POST /api/auth": (_request, body) => {
        if ((body as { accessToken: string }).accessToken !== known) return failed(401, { error: "x", code: "credential_revoked" });
        known = `secret ${hub.requests.length}`;
        return { token: jwt((clock.now() + 600_000) / 1000, hub.requests.length), refresh: known };
      },
      "GET /api/sessions": () => ({ sessions: [] }),
    });
    let kept = known;
    const api = createHubApi({ baseUrl: hub.url, accessToken: () => kept, onRenewed: (next) => (kept = next), clock });
    for (let round = 0; round < 3; round++) {
      expect(await api.sessions.list()).toEqual([]);
      expect(kept).toBe(known);
      await clock.advance(600_000);
    }
    expect(hub.requests.filter(({ path }) => path === "/api/auth")).toHaveLength(3);
  });

  test("a wrong access token is told once and not tried again for a while", async () => {
    const clock = manualClock();
    const tokens = tokenHub(clock.now, 600_000);
    await using hub = await startHttpHub(tokens.routes);
    const told: AppError[] = [];
    const api = createHubApi({ baseUrl: hub.url, accessToken: () => "wrong", clock, onSignedOut: (error) => told.push(error) });
    expect(api.sessions.list()).rejects.toMatchObject({ code: "invalid_access_token" });
    await expect(api.sessions.list()).rejects.toMatchObject({ code: "invalid_access_token" });
    await expect(api.sessions.list()).rejects.toMatchObject({ code: "invalid_access_token" });
    expect(hub.requests).toHaveLength(1);
    expect(told).toHaveLength(1);
  });

  const signedIn = { "POST /api/auth": () => ({ token: "opaque", user: {} }) };

  test("errors carry the hub's code and words; answers that are none say so", async () => {
    await using hub = await startHttpHub({
      ...signedIn,
      "POST /api/sessions/s/messages": () => failed(409, { error: "Session is inactive", code: "session_inactive" }),
      "GET /api/sessions/s": () => failed(418, { error: "Odd", code: "brand_new" }),
      "GET /api/machines": () => new Response("<html>502</html>", { status: 502 }),
      "PATCH /api/sessions/s": () => new Response("<html>proxy</html>"),
    });
    const api = createHubApi({ baseUrl: hub.url, accessToken: () => "t" });
    await expect(api.messages.send("s", { text: "hi" })).rejects.toMatchObject({
      code: "session_inactive",
      message: "Session is inactive",
    });
    await expect(api.sessions.get("s")).rejects.toMatchObject({
      code: "internal",
      message: "Odd",
      details: { code: "brand_new", status: 418 },
    });
    await expect(api.machines.list()).rejects.toMatchObject({ code: "hub_unreachable", retryable: true });
    await expect(api.sessions.rename("s", "n")).rejects.toMatchObject({ code: "hub_unreachable" });
    const away = createHubApi({ baseUrl: "http://127.0.0.1:1", accessToken: () => "t" });
    await expect(away.sessions.list()).rejects.toMatchObject({ code: "hub_unreachable" });
  });

  test("a deadline and an abort end a call that hangs", async () => {
    const never = new Promise<Response>(() => undefined);
    await using hub = await startHttpHub({ ...signedIn, "GET /api/sessions/s": () => never, "GET /api/sessions": () => never });
    const clock = manualClock();
    const api = createHubApi({ baseUrl: hub.url, accessToken: () => "t", clock });
    await api.token();
    const hanging = api.sessions.get("s");
    await clock.advance(20_000);
    await expect(hanging).rejects.toMatchObject({ code: "timeout" });
    const stop = new AbortController();
    const aborted = api.sessions.list(stop.signal);
    stop.abort(new Error("left the page"));
    await expect(aborted).rejects.toThrow("left the page");
  });

  test("an answer to a request that is over says what became of it", async () => {
    await using hub = await startHttpHub({
      ...signedIn,
      "POST /api/sessions/s/permissions/a/approve": () => Response.json({ ok: true, status: "pending" }, { status: 202 }),
      "POST /api/sessions/s/permissions/b/deny": () => failed(409, { error: "x", code: "request_closed", outcome: { status: "approved" } }),
      "POST /api/sessions/s/permissions/c/approve": () => ({ ok: true }),
    });
    const api = createHubApi({ baseUrl: hub.url, accessToken: () => "t" });
    expect(await api.permissions.approve("s", "a")).toEqual({ status: "pending" });
    expect(await api.permissions.deny("s", "b", { reason: "no" })).toEqual({ status: "closed", outcome: { status: "approved" } });
    expect(await api.permissions.approve("s", "c", { decision: "approved_for_session" })).toEqual({ status: "applied" });
  });
});
