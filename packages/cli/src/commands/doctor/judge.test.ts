/** What can't be had on one computer: proxies elsewhere, port 80, other people's certificates. */
import { expect, test } from "bun:test";
import { callerInLog, type InsideView } from "./inside.ts";
import { judge } from "./judge.ts";
import type { Answer, OutsideView, ShownCertificate } from "./outside.ts";

const now = Date.UTC(2030, 0, 1);
const dayMs = 86_400_000;
const answer = (status: number, body: object | string = {}, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: new Headers(headers),
  text: typeof body === "string" ? body : JSON.stringify(body),
});
const healthy = answer(200, { status: "ok" });
const refused = answer(401, { error: "Missing authorization token", code: "missing_token" });
const certificate: ShownCertificate = {
  issuer: "Let's Encrypt",
  validTo: now + 60 * dayMs,
  fingerprint: "AB:CD",
  isSelfSigned: false,
  fitsName: true,
  refusedAs: null,
  protocol: "TLSv1.3",
};
const seen = (view: Partial<OutsideView> = {}, hsts = "max-age=31536000"): OutsideView => ({
  url: new URL("https://hub.example"),
  health: healthy,
  certificate,
  plain: { url: "http://hub.example", answer: { failed: "ECONNREFUSED" } },
  hub: {
    page: answer(404),
    foreignName: answer(421),
    foreignPage: answer(403, { code: "origin_refused" }),
    foreignSocket: answer(403, { code: "origin_refused" }),
    noToken: answer(401, refused.text, { "strict-transport-security": hsts }),
    wrongToken: answer(401, { code: "invalid_access_token" }),
    wrongTokenBetween: [now, now],
  },
  ...view,
});
const known: InsideView = {
  isHubHere: true,
  caller: "behind a proxy: 198.51.100.7",
  isDirect: false,
  fingerprint: null,
  shared: { state: "off" },
};
const line = (name: string, view: OutsideView, inside: Partial<InsideView> = {}): string => {
  const found = judge(view, { ...known, ...inside }, now).find((one) => one.name === name);
  return `${found?.state}: ${found?.text}`;
};

test("certificates: whose, for how long, for which name, believed by whom", () => {
  const of = (change: Partial<ShownCertificate>, own: string | null = null) =>
    line("TLS", seen({ certificate: { ...certificate, ...change } }), { fingerprint: own });
  expect(of({})).toBe("ok: TLSv1.3, Let's Encrypt, 60 days left");
  expect(of({ validTo: now + 13.5 * dayMs })).toMatch(/^note: .*13 days left; renew it before 2030-01-14$/);
  expect(of({ validTo: now })).toMatch(/^problem: the certificate of Let's Encrypt ended on 2030-01-01/);
  expect(of({ fitsName: false })).toMatch(/^problem: .*it is for other names/);
  expect(of({ refusedAs: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" })).toMatch(
    /^problem: .*\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\); serve the whole chain/,
  );
  expect(of({ protocol: "TLSv1.1" })).toMatch(/^problem: .*too old/);
  expect(of({ isSelfSigned: true, refusedAs: "DEPTH_ZERO_SELF_SIGNED_CERT" })).toMatch(/^note: .*self-signed: AB:CD; compare it/);
  expect(of({ isSelfSigned: true }, "AB:CD")).toMatch(/^ok: .*this hub's own: AB:CD/);
  expect(of({ isSelfSigned: true }, "EF:00")).toMatch(/^note: /);
  // Who wrote the certificate writes to no terminal.
  expect(of({ issuer: "a\u001b]0;b\u0007" })).not.toContain("\u001b");
});

test("plain HTTP beside TLS: nothing, a redirect, or the hub itself", () => {
  const of = (found: NonNullable<OutsideView["plain"]>["answer"]) =>
    line("Plain HTTP", seen({ plain: { url: "http://hub.example", answer: found } }));
  expect(of({ failed: "ECONNRESET" })).toBe("ok: nothing answers at http://hub.example");
  expect(of(answer(308, "", { location: "https://hub.example/health" }))).toMatch(/^ok: .*on to https$/);
  expect(of(answer(301, "", { location: "http://other.example/" }))).toMatch(/^note: /);
  expect(of(healthy)).toMatch(/^problem: the hub answers in clear/);
  expect(of(answer(400, "The plain HTTP request was sent to HTTPS port"))).toMatch(/^ok: /);
  expect(of(answer(200, "hello"))).toMatch(/^note: something answers in clear/);
  const clear = seen({ url: new URL("http://hub.example"), certificate: null, plain: null });
  expect(line("TLS", clear)).toMatch(/^problem: none: whoever is in between reads the token/);
  expect([line("Plain HTTP", clear), line("HSTS", clear)]).toEqual(["undefined: undefined", "undefined: undefined"]);
});

test("HSTS: missing behind a proxy that is not believed, or too short to mean it", () => {
  expect(line("HSTS", seen({}, "max-age=300"))).toMatch(/^note: only for 300 seconds/);
  const view = seen();
  const bare = { ...view, hub: view.hub && { ...view.hub, noToken: refused } };
  expect(line("HSTS", bare)).toMatch(/^problem: .*X-Forwarded-Proto: https.*HAPI_TRUSTED_PROXIES/);
});

test("trusted proxies: whether they fit whom the hub counted", () => {
  const of = (caller: string | null, inside: Partial<InsideView> = {}) => line("Who asks", seen(), { caller, ...inside });
  expect(of("behind a proxy: 2001:db8:0:0::/64")).toMatch(/^ok: .*counts you as 2001:db8:0:0::\/64$/);
  expect(of("10.0.0.2")).toMatch(/^problem: TLS ends at 10\.0\.0\.2, .*HAPI_TRUSTED_PROXIES$/);
  expect(of("198.51.100.7", { fingerprint: "AB:CD" })).toBe("ok: the hub sees who connects, and counts you as 198.51.100.7");
  expect(of("a silent proxy: 10.0.0.2")).toMatch(/^problem: the proxy at 10\.0\.0\.2 does not say who asks/);
  expect(of("this computer")).toMatch(/^problem: .*everybody is this computer/);
  expect(of("behind a proxy: unknown")).toMatch(/^note: /);
  expect(of(null, { isHubHere: false })).toMatch(/^note: only the hub's own machine/);
});

test("what is no hub, or one that refuses the way or the name, ends there with the next step", () => {
  const of = (health: Answer) => judge(seen({ health, hub: null }), known, now);
  const first = (health: Answer): string => `${of(health)[0]?.state}: ${of(health)[0]?.text}`;
  expect(first(answer(403, { code: "tls_required" }))).toMatch(/^problem: .*HAPI_TRUSTED_PROXIES$/);
  expect(first(answer(403, "start the hub with its address in HAPI_TRUSTED_PROXIES"))).toMatch(
    /^problem: the hub refuses what comes this way/,
  );
  expect(first(answer(421, "…"))).toMatch(/HAPI_PUBLIC_URL=https:\/\/hub\.example$/);
  const moved = answer(301, "", { location: "https://new.example/health" });
  expect(first(moved)).toMatch(/^problem: it sends everybody on to https:\/\/new\.example; .*HAPI_PUBLIC_URL/);
  const gateway = answer(302, "", { location: "https://login.example/access?to=hub.example" });
  expect(first(gateway)).toMatch(/^note: what stands in front wants a sign-in of its own \(https:\/\/login\.example\)/);
  expect(first(answer(401, "Authorization required"))).toMatch(/^note: what stands in front wants a sign-in of its own \(status 401\)/);
  expect(first(answer(502, "Bad gateway"))).toMatch(/^problem: something answers .* but no hub \(status 502\)/);
  expect(of(answer(502)).map(({ name }) => name)).toEqual(["Reachable", "TLS", "Plain HTTP"]);
});

test("the shared token, and guesses that wait already", () => {
  const of = (shared: InsideView["shared"]) => line("Shared token", seen(), { shared });
  expect(of({ state: "open", role: null, isWeak: true })).toMatch(/^problem: open, and easy to guess/);
  expect(of({ state: "open", role: "viewer", isWeak: false })).toMatch(/^note: open as viewer/);
  const view = seen();
  const waits = { ...view, hub: view.hub && { ...view.hub, wrongToken: answer(429, { code: "rate_limited" }) } };
  expect(line("Guessing", waits, { caller: null })).toMatch(/^ok: limited/);
});

test("the log says whom a wrong token counted for, if it was one alone and in that time", () => {
  const wrote = (time: number, caller: string, event = "auth.refused") => JSON.stringify({ level: 40, time, event, caller, failures: 1 });
  const log = [wrote(90, "a"), wrote(105, "b"), wrote(106, "c", "other"), '{"time":107,"event":"auth.refused","cal'].join("\n");
  expect(callerInLog(log, [100, 110])).toBe("b");
  expect(callerInLog(log, [80, 110])).toBeNull();
  expect(callerInLog("", [80, 110])).toBeNull();
});
