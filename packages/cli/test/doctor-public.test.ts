/** `hapi doctor --public` against real hubs: over their own TLS, behind proxies of every kind, and against one that does everything wrong. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, runCommand } from "@hapi/platform";
import { startTestHub, type TestHub } from "@hapi/testkit";
import { ownCertificate } from "../../hub/src/listening/certificate.ts";
import { examinePublic } from "../src/commands/doctor/public.ts";
import { ownAddresses } from "../src/web-address.ts";

const MAIN = join(import.meta.dir, "../src/main.ts");
const token = "shared-0123456789-secret";
const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "doctor-public-"));
  ends.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** With pages and a log, as `hapi hub` has them. */
async function startHub(options: Parameters<typeof startTestHub>[0] = {}): Promise<TestHub & { home: string }> {
  const [home, webRoot] = [folder(), folder()];
  writeFileSync(join(webRoot, "index.html"), "<!doctype html><title>HAPI</title>");
  const log = createLogger({ name: "hub", file: join(home, "logs/hub.log") });
  const hub = await startTestHub({ home, webRoot, log, token, host: "127.0.0.1", ...options });
  ends.push(() => hub.close());
  writeFileSync(join(home, "settings.json"), JSON.stringify({ hubToken: token, cliApiToken: token }));
  return Object.assign(hub, { home });
}

type States = Record<string, [state: string, text: string]>;
async function examined(url: string, home: string): Promise<States> {
  const findings = await examinePublic(new URL(url), { HAPI_HOME: home });
  return Object.fromEntries(findings.map(({ name, state, text }) => [name, [state, text]]));
}
const problemsOf = (found: States): string[] => Object.entries(found).flatMap(([name, [state]]) => (state === "problem" ? [name] : []));

interface ProxyKind {
  /** What it does to the headers of a request. */
  request?(headers: Headers, path: string): void;
  answer?(headers: Headers): void;
}

/** Ends TLS and hands on to the hub: by default as it should. */
async function startProxy(hub: TestHub, { request: change = appends, answer: after = () => undefined }: ProxyKind = {}): Promise<string> {
  const { cert, key } = await ownCertificate(folder(), "127.0.0.1", Date.now());
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert, key },
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const headers = new Headers(request.headers);
      change(headers, pathname);
      const body = request.method === "POST" ? await request.text() : null;
      const answer = await fetch(hub.url + pathname + search, { method: request.method, headers, body, redirect: "manual" });
      const said = new Headers(answer.headers);
      for (const name of ["content-encoding", "content-length", "transfer-encoding"]) said.delete(name);
      after(said);
      return new Response(answer.body, { status: answer.status, headers: said });
    },
  });
  ends.push(() => server.stop(true));
  return `https://127.0.0.1:${server.port}`;
}

/** As nginx's `$proxy_add_x_forwarded_for`: the client is one of the internet. */
function appends(headers: Headers): void {
  const before = headers.get("x-forwarded-for");
  headers.set("x-forwarded-for", before === null ? "198.51.100.7" : `${before}, 198.51.100.7`);
  headers.set("x-forwarded-proto", "https");
}

test("a hub over its own TLS: all is well, its fingerprint is known here, and a look from its own computer is said to be one", async () => {
  const hub = await startHub({ tls: "own" });
  const url = hub.front?.url ?? "";
  const found = await examined(url, hub.home);
  expect(problemsOf(found)).toEqual([]);
  expect(found["Reachable"]).toEqual(["ok", `a hub answers at ${url}`]);
  expect(found["TLS"]).toEqual([
    "ok",
    expect.stringMatching(/^TLSv1\.3, HAPI hub, (799|800) days left, self-signed, and this hub's own: /),
  ]);
  expect(found["TLS"]?.[1]).toContain(hub.front?.fingerprint as string);
  expect(found["HSTS"]).toEqual(["ok", "for 365 days"]);
  for (const name of ["Plain HTTP", "Pages", "Answers", "Other names", "Other sites", "Own pages", "No token"])
    expect([name, found[name]?.[0]]).toEqual([name, "ok"]);
  expect(found["Guessing"]).toEqual(["note", expect.stringContaining("ask by the address that others use")]);
  expect(found["Who asks"]).toEqual(["note", expect.stringContaining("at the hub's own door")]);
  expect(found["Shared token"]).toEqual(["note", expect.stringContaining("hapi auth revoke legacy")]);
});

test("behind a proxy that does it right nothing is wrong; the certificate is to be compared; guesses count for who really asks", async () => {
  const hub = await startHub();
  const url = await startProxy(hub);
  const found = await examined(url, hub.home);
  expect(problemsOf(found)).toEqual([]);
  expect(found["TLS"]).toEqual(["note", expect.stringContaining("compare it with what hapi web says")]);
  expect(found["HSTS"]?.[0]).toBe("ok");
  expect(found["Guessing"]).toEqual(["ok", "counted for behind a proxy: 198.51.100.7; after 30 in a minute it has to wait"]);
  expect(found["Who asks"]).toEqual(["ok", "the hub believes its proxy, and counts you as 198.51.100.7"]);
  // Within the minute the hub writes no other line of the same caller: not known, and nothing is made up.
  expect((await examined(url, hub.home))["Who asks"]).toEqual(["note", expect.stringContaining("wait that long and ask again")]);
  // From a computer that is not the hub's, the rest is the same.
  const elsewhere = await examined(url, folder());
  expect(problemsOf(elsewhere)).toEqual([]);
  expect(elsewhere["Who asks"]).toEqual(["note", expect.stringContaining("only the hub's own machine can tell")]);
  expect(elsewhere["Shared token"]).toEqual(["note", expect.stringContaining("not signed in to that hub")]);
});

test("a proxy that says nothing of who asks, one that says what it was told, one that rewrites, one that strips: each is named", async () => {
  const cases: [ProxyKind, Record<string, [string, string]>][] = [
    [
      { request: (headers) => headers.delete("x-forwarded-for") },
      {
        "Who asks": ["problem", "let it send X-Forwarded-For"],
        Guessing: ["problem", "not limited"],
        HSTS: ["problem", "X-Forwarded-Proto: https"],
      },
    ],
    [
      { request: (headers) => headers.set("x-forwarded-proto", "https") },
      { "Who asks": ["problem", "can choose who he is"], Guessing: ["problem", "not limited"] },
    ],
    [
      {
        request(headers) {
          appends(headers);
          headers.set("forwarded", "for=192.0.2.60");
        },
      },
      { "Who asks": ["note", "differ"] },
    ],
    [
      {
        request(headers) {
          appends(headers);
          headers.set("host", "localhost");
        },
      },
      { "Other names": ["note", "answers to any name"], "Own pages": ["problem", "HAPI_PUBLIC_URL=https://127.0.0.1:"] },
    ],
    [
      {
        request(headers) {
          appends(headers);
          headers.delete("origin");
        },
      },
      { "Other sites": ["problem", "may open sockets"] },
    ],
    [
      {
        request(headers, path) {
          appends(headers);
          if (path.startsWith("/socket.io")) headers.delete("origin");
        },
      },
      { "Other sites": ["problem", "at /socket.io too"] },
    ],
    [
      {
        request(headers, path) {
          appends(headers);
          if (path.startsWith("/api")) headers.delete("origin");
        },
      },
      { "Other sites": ["problem", "may send it requests"] },
    ],
    [
      { answer: (headers) => ["content-security-policy", "x-content-type-options"].forEach((name) => headers.delete(name)) },
      { Pages: ["problem", "without x-content-type-options, content-security-policy"], Answers: ["problem", "nosniff"] },
    ],
    [{ answer: (headers) => headers.append("x-frame-options", "DENY") }, { Pages: ["note", "x-frame-options: not as"] }],
    [
      { answer: (headers) => headers.set("content-security-policy", "default-src *; script-src 'unsafe-inline'") },
      { Pages: ["problem", "lets text become a script"] },
    ],
  ];
  for (const [kind, wanted] of cases) {
    const hub = await startHub();
    const found = await examined(await startProxy(hub, kind), hub.home);
    for (const [name, [state, words]] of Object.entries(wanted))
      expect([name, ...(found[name] ?? [])]).toEqual([name, state, expect.stringContaining(words)]);
    const expected = Object.entries(wanted).flatMap(([name, [state]]) => (state === "problem" ? [name] : []));
    expect(problemsOf(found).toSorted()).toEqual(expected.toSorted());
  }
});

test("one that does everything wrong: an ended certificate, an open API, no headers, words that tell too much", async () => {
  const past = Date.now() - 900 * 86_400_000;
  const { cert, key } = await ownCertificate(folder(), "127.0.0.1", past);
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert, key },
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      expect([request.headers.has("authorization"), request.headers.has("cookie")]).toEqual([false, false]);
      if (pathname === "/health") return Response.json({ status: "ok" });
      if (pathname === "/api/sessions") return Response.json({ sessions: [] }, { headers: { server: "nginx/1.2.3" } });
      if (pathname === "/api/auth") return Response.json({ code: "invalid_access_token", stack: "at door.ts" }, { status: 401 });
      return new Response("<p>hello", { headers: { "content-type": "text/html" } });
    },
  });
  ends.push(() => server.stop(true));
  const found = await examined(`https://127.0.0.1:${server.port}`, folder());
  expect(problemsOf(found)).toEqual(["TLS", "HSTS", "Pages", "Answers", "Other sites", "No token"]);
  expect(found["TLS"]?.[1]).toMatch(/^the certificate of HAPI hub ended on \d{4}-\d\d-\d\d; renew it/);
  expect(found["Other names"]?.[0]).toBe("note");
  // A handful, one of them a wrong token; nothing is tried twice.
  expect(asked.toSorted()).toEqual(
    ["GET /", "GET /api/sessions", "GET /health", "GET /health", "GET /socket.io/", "POST /api/auth", "POST /api/auth"].toSorted(),
  );
});

test("as a command: marks and exit code in words and as JSON, by the owner's word for the address; and what can't be asked is said", async () => {
  const hub = await startHub();
  const hapi = (words: readonly string[], more: Record<string, string> = {}) =>
    runCommand([process.execPath, MAIN, "doctor", ...words], {
      env: { PATH: process.env["PATH"] ?? "", HOME: hub.home, HAPI_HOME: hub.home, ...more },
      cwd: hub.home,
      timeoutMs: 120_000,
    });
  const good = await hapi(["--public"], { HAPI_PUBLIC_URL: await startProxy(hub) });
  expect([good.code, good.stderr]).toEqual([0, ""]);
  expect(good.stdout).toMatch(/^✓ {2}Reachable +a hub answers at https:/);
  expect(good.stdout).toMatch(/\n! {2}TLS /);
  const bad = await hapi(["--public", hub.url, "--json"]);
  expect(bad.code).toBe(1);
  const { url, findings } = JSON.parse(bad.stdout) as { url: string; findings: { name: string; state: string }[] };
  expect([url, findings.find(({ state }) => state === "problem")?.name]).toEqual([hub.url, "TLS"]);
  const gone = await hapi(["--public", "https://127.0.0.1:1"]);
  expect([gone.code, gone.stdout]).toEqual([
    1,
    expect.stringMatching(/^✗ {2}Reachable {2}https:\/\/127\.0\.0\.1:1 does not answer \(.*\n$/),
  ]);
  for (const [words, said] of [
    [["--public"], "No address is known by which others reach a hub"],
    [["--public", "hub.example"], 'not "hub.example"'],
    [["https://hub.example"], "with --public only"],
  ] as const)
    expect(await hapi(words)).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
  expect((await hapi(["--help"])).stdout).toContain("hapi doctor --public https://hapi.example.org");
  expect(readFileSync(join(hub.home, "logs/hub.log"), "utf8")).not.toContain("nobodys-");
});

test("without a word about the address it is where the hub of this home lets others in, asked over the network", async () => {
  const hub = await startHub({ host: "0.0.0.0", tls: "own" });
  const env = { PATH: process.env["PATH"] ?? "", HOME: hub.home, HAPI_HOME: hub.home };
  const argv = [process.execPath, MAIN, "doctor", "--public", "--json"];
  const { code, stdout, stderr } = await runCommand(argv, { env, cwd: hub.home, timeoutMs: 120_000 });
  const [address] = ownAddresses();
  // A computer without a network is reached by nobody.
  if (address === undefined) return expect([code, stderr]).toEqual([1, expect.stringContaining("No address is known")]);
  const { url, findings } = JSON.parse(stdout) as { url: string; findings: { name: string; state: string; text: string }[] };
  expect([code, url]).toEqual([0, `https://${address}:${hub.port}`]);
  const text = `the hub sees who connects, and counts you as ${address}`;
  expect(findings.find(({ name }) => name === "Who asks")).toEqual({ name: "Who asks", state: "ok", text });
});

test("the shared token: off is well; taken away from this machine too, it is not known", async () => {
  const hub = await startHub();
  const url = await startProxy(hub);
  const jwt = await hub.login();
  const made = await fetch(`${hub.url}/api/credentials`, {
    method: "POST",
    headers: { authorization: `Bearer ${jwt}`, "content-type": "application/json" },
    body: JSON.stringify({ kind: "integration", name: "cli", role: "admin" }),
  });
  const { token: own } = (await made.json()) as { token: string };
  await fetch(`${hub.url}/api/credentials/legacy`, { method: "DELETE", headers: { authorization: `Bearer ${jwt}` } });
  writeFileSync(join(hub.home, "settings.json"), JSON.stringify({ cliApiToken: own }));
  expect((await examined(url, hub.home))["Shared token"]?.[0]).toBe("ok");
});
