/** The way in and the way back, as a person types it: web, hub stop and restart, a hub that runs already, signing in and out. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRunnerState } from "@hapi/machine/runner-state";
import { delay, isAlive, processStartTime, runCommand, runningHub, type CommandResult } from "@hapi/platform";

const MAIN = join(import.meta.dir, "../src/main.ts");
const UNTIL_MS = 120_000;
const homes: string[] = [];

interface Place {
  home: string;
  env: Record<string, string>;
  hapi(words: readonly string[], env?: Record<string, string>): Promise<CommandResult>;
  settings(): Record<string, unknown>;
}

function place(): Place {
  const home = mkdtempSync(join(tmpdir(), "hapi-way-in-"));
  homes.push(home);
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, HAPI_HOME: home, HAPI_LISTEN_PORT: "0" };
  return {
    home,
    env,
    hapi: (words, more = {}) => runCommand([process.execPath, MAIN, ...words], { env: { ...env, ...more }, cwd: home, timeoutMs: 240_000 }),
    settings: () => JSON.parse(readFileSync(join(home, "settings.json"), "utf8")) as Record<string, unknown>,
  };
}

/** Its first line of JSON says that it serves. */
async function startHub(
  { env, home }: Place,
  words: readonly string[] = ["--no-runner"],
  more: Record<string, string> = {},
): Promise<{ url: string; token: string; pid: number }> {
  const child = Bun.spawn([process.execPath, MAIN, "hub", "--json", ...words], {
    env: { ...env, ...more },
    cwd: home,
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  return JSON.parse(new TextDecoder().decode(value)) as { url: string; token: string; pid: number };
}

async function until<T>(look: () => Promise<T | null | false>, what: string): Promise<T> {
  const deadline = Date.now() + UNTIL_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await delay(50);
  }
}

/** Hubs end their runners with themselves; one that a test killed has left its behind. */
afterEach(async () => {
  for (const home of homes.splice(0)) {
    const state = join(home, "runner/state.json");
    const pids = [runningHub(home)?.pid, existsSync(state) ? (JSON.parse(readFileSync(state, "utf8")) as { pid: number }).pid : undefined];
    for (const pid of pids.filter((one) => one !== undefined)) {
      const id = { pid, startTime: processStartTime(pid) };
      if (id.startTime === null) continue;
      process.kill(pid, "SIGTERM");
      await until(async () => !isAlive(id), `process ${pid} ends`);
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
});

test("logging out on the hub's own machine takes nothing away: its secret stays, and everything works as before", async () => {
  const one = place();
  const { token } = await startHub(one);
  const before = one.settings();
  const { code, stdout } = await one.hapi(["auth", "logout"]);
  expect([code, stdout]).toEqual([0, "There is nothing to log out of: this machine uses its own hub, whose secret stays.\n"]);
  expect(one.settings()).toEqual({ ...before, hubToken: token });
  expect((await one.hapi(["sessions"])).code).toBe(0);
  expect((await one.hapi(["hub", "restart"])).code).toBe(0);
  expect((await one.hapi(["auth", "status", "--json"])).stdout).toContain('"isAccepted": true');
});

test("signing in elsewhere and out again: back at the own hub, with its old secret and this machine's id", async () => {
  const [one, other] = [place(), place()];
  // A home from before the hub had a key of its own.
  writeFileSync(
    join(one.home, "settings.json"),
    JSON.stringify({ cliApiToken: "old-secret-old-secret", machineId: "m", foreign: { kept: true } }),
  );
  const own = await startHub(one);
  expect(own.token).toBe("old-secret-old-secret");
  const elsewhere = await startHub(other);
  expect((await one.hapi(["auth", "login", "--url", elsewhere.url, "--token", elsewhere.token])).code).toBe(0);
  expect(one.settings()).toEqual({
    cliApiToken: elsewhere.token,
    hubToken: own.token,
    apiUrl: elsewhere.url,
    machineId: "m",
    foreign: { kept: true },
  });
  // A prompt that waits for that hub is something a person may not want to leave behind.
  await other.hapi(["hub", "stop"]);
  expect((await one.hapi(["send", crypto.randomUUID(), "later"])).code).toBe(0);
  const refused = await one.hapi(["auth", "logout"]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("1 prompt not sent yet of this machine belongs to")]);
  expect(one.settings()["apiUrl"]).toBe(elsewhere.url);
  const out = await one.hapi(["auth", "logout", "--yes"]);
  expect([out.code, out.stdout]).toEqual([0, `Logged out of ${elsewhere.url}. This machine uses its own hub again.\n`]);
  expect(one.settings()).toEqual({ cliApiToken: own.token, hubToken: own.token, machineId: "m", foreign: { kept: true } });
  expect(JSON.parse((await one.hapi(["web", "--json"])).stdout)).toMatchObject({ link: expect.stringContaining(own.url) });
});

test("hapi hub where one runs says where; stop, status, logs and restart on the same address", async () => {
  const one = place();
  const { url, token, pid } = await startHub(one);
  const again = await one.hapi(["hub"]);
  expect([again.code, again.stderr]).toEqual([0, ""]);
  expect(again.stdout).toContain(`HAPI is running already (pid ${pid})`);
  // A link signs one browser in, and has nothing in it that lasts.
  expect(again.stdout).toMatch(/\/#token=\w{4}-\w{4}-\w{4}\n/);
  expect(again.stdout).not.toContain(token);
  expect(JSON.parse((await one.hapi(["hub", "--json"])).stdout)).toEqual({ url, token, pid, home: one.home });
  expect(await one.hapi(["hub", "--port", "0"])).toMatchObject({ code: 1, stderr: expect.stringContaining(`already uses ${one.home}`) });

  const link = expect.stringMatching(/\/#token=\w{4}-\w{4}-\w{4}$/);
  expect(JSON.parse((await one.hapi(["web", "--json"])).stdout)).toEqual({ url, link, reach: "computer" });
  expect((await one.hapi(["web"], { HAPI_PUBLIC_URL: "https://hapi.example.org/" })).stdout).toMatch(
    /^https:\/\/hapi\.example\.org\/#token=\w{4}-\w{4}-\w{4}\n$/,
  );
  expect(JSON.parse((await one.hapi(["auth", "code", "--json"])).stdout)).toMatchObject({
    url,
    link: expect.stringContaining(`${url}/#token=`),
    reach: "computer",
  });
  expect((await one.hapi(["auth", "code"])).stderr).toContain("Only this computer can reach that address");
  expect((await one.hapi(["auth", "code"], { HAPI_PUBLIC_URL: "https://hapi.example.org/" })).stderr).toMatch(
    /open {2}https:\/\/hapi\.example\.org\/#token=\w{4}-\w{4}-\w{4}\n/,
  );

  expect((await one.hapi(["hub", "logs"])).stdout).toContain('"hub.started"');
  const restarted = await one.hapi(["hub", "restart"]);
  expect([restarted.code, restarted.stdout]).toEqual([
    0,
    `The hub is running at ${url}, in the background. Sessions come back to it by themselves.\n`,
  ]);
  expect(runningHub(one.home)?.pid).not.toBe(pid);
  expect((await one.hapi(["hub", "status"])).stdout).toContain(`running at ${url}`);
  expect((await one.hapi(["hub", "stop"])).stdout).toContain("The hub has stopped. Sessions go on");
  expect((await one.hapi(["hub", "stop"])).stdout).toBe("No hub runs on this home.\n");
  const json = async (...words: string[]): Promise<unknown> => JSON.parse((await one.hapi([...words, "--json"])).stdout);
  expect(await json("hub", "stop")).toEqual({ stopped: false, pid: null });
  expect(await json("hub", "restart")).toMatchObject({ pid: runningHub(one.home)?.pid, wasRunning: false });
  const running = runningHub(one.home)?.pid;
  expect(await json("auth", "logout")).toEqual({ loggedOut: false, usesOwnHub: true });
  expect(await json("hub", "stop")).toEqual({ stopped: true, pid: running });
  const away = await one.hapi(["web"]);
  expect([away.code, away.stderr]).toEqual([1, expect.stringContaining("Start it with: hapi hub")]);
}, 240_000);

test("hapi hub brings this machine's runner; without it the welcome says what is missing", async () => {
  const one = place();
  mkdirSync(join(one.home, "x"));
  await startHub(one, []);
  const status = await until(async () => {
    const { code, stdout } = await one.hapi(["runner", "status"]);
    return code === 0 && stdout;
  }, "the runner is connected");
  expect(status).toContain("connected");
  expect((await one.hapi(["doctor"])).stdout).toMatch(/✓ +Runner +running\n/);
}, 240_000);

test("a hub that refuses the runner: status and doctor say so, and exit accordingly", async () => {
  const one = place();
  const { url, pid } = await startHub(one, []);
  await until(async () => (await one.hapi(["runner", "status"])).code === 0, "the runner is connected");
  const hub = { pid, startTime: processStartTime(pid) };
  // Killed, it can't end its runner; the next one has another secret.
  process.kill(pid, "SIGKILL");
  await until(async () => !isAlive(hub), "the hub is dead");
  const away = await one.hapi(["runner", "status"]);
  expect([away.code, away.stdout]).toEqual([1, expect.stringContaining("not connected")]);
  await startHub(one, ["--no-runner"], { HAPI_LISTEN_PORT: new URL(url).port, CLI_API_TOKEN: "quite-another-secret" });
  const said = await until(async () => {
    const { code, stdout } = await one.hapi(["runner", "status"]);
    return code === 1 && stdout.includes("refuses") && stdout;
  }, "the refusal is told");
  expect(said).toContain("the hub refuses it");
  expect(JSON.parse((await one.hapi(["runner", "status", "--json"])).stdout)).toMatchObject({
    running: true,
    line: { connected: false, refused: { code: "invalid_token" } },
  });
  const doctor = await one.hapi(["doctor"]);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/✗ +Runner +running, but the hub refuses it/);
  expect(doctor.stdout).toMatch(/✗ +Token +the hub at .* refuses it/);
}, 360_000);

test("a runner is started while its hub is away: said, shown by status, no second one, and it stops", async () => {
  const one = place();
  const env = { HAPI_API_URL: "http://127.0.0.1:1", CLI_API_TOKEN: "t" };
  const started = await one.hapi(["runner", "start"], env);
  const pid = readRunnerState(one.home)?.pid ?? 0;
  expect([started.code, started.stdout, started.stderr]).toEqual([
    0,
    `The runner is running (pid ${pid}).\n`,
    "Its hub at http://127.0.0.1:1 does not answer yet; it is waited for. See: hapi runner status\n",
  ]);
  const id = { pid, startTime: processStartTime(pid) };
  const status = await one.hapi(["runner", "status"], env);
  expect([status.code, status.stdout]).toEqual([1, expect.stringContaining("http://127.0.0.1:1  not connected for")]);
  expect(JSON.parse((await one.hapi(["runner", "start", "--json"], env)).stdout)).toEqual({ started: false, pid });
  expect(JSON.parse((await one.hapi(["runner", "stop", "--json"], env)).stdout)).toEqual({ stopped: true, pid });
  await until(async () => !isAlive(id), "the end of the runner");
  expect(JSON.parse((await one.hapi(["runner", "stop", "--json"], env)).stdout)).toEqual({ stopped: false, pid: null });
}, 240_000);

test("doctor names the session records that can't be read, in words and as JSON", async () => {
  const one = place();
  const broken = join(one.home, "sessions", "broken-1", "session.json");
  mkdirSync(join(broken, ".."), { recursive: true });
  writeFileSync(broken, "{");
  const said = await one.hapi(["doctor"]);
  expect(said.code).toBe(1);
  expect(said.stdout).toContain(`session broken-1: a damaged file, ${broken}. Lost: its options and environment`);
  expect(said.stdout).toContain(`mv ${broken} ${broken}.damaged`);
  const { findings } = JSON.parse((await one.hapi(["doctor", "--json"])).stdout) as {
    findings: { name: string; state: string; damaged?: object[] }[];
  };
  expect(findings.find(({ name }) => name === "Records")).toMatchObject({
    state: "problem",
    damaged: [{ sessionId: "broken-1", path: broken, what: "session", lost: expect.any(String), step: expect.any(String) }],
  });
  rmSync(broken);
  expect((await one.hapi(["doctor"])).stdout).toMatch(/✓ +Records +those of all sessions can be read/);
}, 240_000);

test("who may come in: a code, a program of another namespace, a narrowed and a revoked one, and the shared token taken away", async () => {
  const one = place();
  const { url } = await startHub(one);
  const json = async <T>(...words: string[]): Promise<T> => {
    const { code, stdout, stderr } = await one.hapi([...words, "--json"]);
    expect([words, code, stderr]).toEqual([words, 0, ""]);
    return JSON.parse(stdout) as T;
  };
  const signIn = async (accessToken: string): Promise<{ status: number; code?: string }> => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ accessToken }) };
    const response = await fetch(`${url}/api/auth`, init);
    return { status: response.status, ...((await response.json()) as { code?: string }) };
  };
  const { code, role } = await json<{ code: string; role: string }>("auth", "code", "--role", "viewer");
  expect([role, (await signIn(code)).status]).toEqual(["viewer", 200]);
  expect(await one.hapi(["auth", "login", "--token", code])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("a code for a browser"),
  });
  const unused = await json<{ code: string }>("auth", "code");
  expect(await json("auth", "withdraw", unused.code)).toEqual({ withdrawn: true });
  expect((await one.hapi(["auth", "withdraw", unused.code])).code).toBe(1);
  const bob = await json<{ token: string; credential: { id: string } }>("auth", "add", "bob", "--namespace", "bob");
  expect(await signIn(bob.token)).toMatchObject({ status: 200 });
  await json("auth", "rename", bob.credential.id, "robert");
  expect((await one.hapi(["auth", "devices"])).stdout).toContain("robert");
  await json("auth", "rename", bob.credential.id, "bob");
  await json("auth", "role", bob.credential.id, "viewer");
  const rotated = await json<{ token: string; credential: { role: string; namespace: string } }>("auth", "rotate", bob.credential.id);
  expect(rotated.credential).toMatchObject({ role: "viewer", namespace: "bob" });
  expect([(await signIn(bob.token)).code, (await signIn(rotated.token)).status]).toEqual(["credential_revoked", 200]);
  const { credentials } = await json<{ credentials: { name: string; role: string | null }[] }>("auth", "devices");
  expect(credentials.map((shown) => [shown.name, shown.role])).toEqual([
    ["Shared token", null],
    ["Device", "viewer"],
    ["bob", "viewer"],
    ["bob", "viewer"],
  ]);
  expect(await json("auth", "revoke", "--all")).toMatchObject({ revoked: 2 });
  expect((await one.hapi(["auth", "revoke"])).code).toBe(1);
  expect(await one.hapi(["auth", "revoke", "legacy"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("hapi auth code --role admin"),
  });
  const own = await json<{ token: string }>("auth", "add", "this computer", "--role", "admin");
  await json("auth", "revoke", "legacy");
  const refused = await one.hapi(["sessions"]);
  expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringContaining("takes no shared token any more")]);
  expect((await one.hapi(["auth", "role", "legacy", "everything"], { CLI_API_TOKEN: own.token })).code).toBe(0);
  expect((await one.hapi(["sessions"])).code).toBe(0);
});

test("everything locked and unlocked again: every command that tells of the hub says so, and what it may not do says how it goes on", async () => {
  const one = place();
  await startHub(one);
  expect((await one.hapi(["lock"])).stdout).toContain("Unlock it on the hub's own computer: hapi unlock");
  expect((await one.hapi(["hub", "status"])).stdout).toMatch(/LOCKED +by Shared token: .*hapi unlock/);
  expect((await one.hapi(["auth", "status"])).stdout).toMatch(/Locked +nothing is sent/);
  const doctor = await one.hapi(["doctor"]);
  expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringMatching(/✗ +Hub +\S+ is LOCKED: .*hapi unlock/)]);
  expect((await one.hapi(["sessions"])).code).toBe(0);
  expect((await one.hapi(["hub", "restart"])).code).toBe(0);
  expect(JSON.parse((await one.hapi(["unlock", "--json"])).stdout)).toEqual({ locked: false, wasLocked: true });
  expect((await one.hapi(["unlock"])).stdout).toContain("It was not locked");
  await one.hapi(["lock"]);
  expect((await one.hapi(["unlock"])).stdout).toContain("Look at who may come in: hapi auth devices");
  expect((await one.hapi(["hub", "status"])).stdout).not.toContain("LOCKED");
}, 240_000);

test("the link of a first start makes one browser the owner's, once; hapi web prints another, also while the shared token is narrowed it says what to do", async () => {
  const one = place();
  const { url } = await startHub(one);
  const signIn = async (accessToken: string) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ accessToken }) };
    const response = await fetch(`${url}/api/auth`, init);
    return { status: response.status, body: (await response.json()) as { token?: string; error?: string; credential?: { role: string } } };
  };
  const linked = async (): Promise<string> => {
    const { link } = JSON.parse((await one.hapi(["web", "--json"])).stdout) as { link: string };
    return link.split("#token=")[1] ?? "";
  };
  const code = await linked();
  const first = await signIn(code);
  expect(first).toMatchObject({ status: 200, body: { credential: { role: "admin" } } });
  // What only the owner may: settings of the hub, and who comes in.
  const asOwner = { headers: { authorization: `Bearer ${first.body.token}` } };
  for (const path of ["/api/storage/sqlite", "/api/credentials"]) expect((await fetch(url + path, asOwner)).status).toBe(200);
  expect(await signIn(code)).toMatchObject({ status: 401, body: { error: expect.stringContaining("hapi web") } });
  expect((await signIn(await linked())).status).toBe(200);
  await one.hapi(["auth", "role", "legacy", "program"]);
  const refused = await one.hapi(["web"]);
  expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringContaining("Settings, Devices")]);
  const greeting = await one.hapi(["hub"]);
  expect([greeting.code, greeting.stdout]).toEqual([0, expect.stringContaining(`Open   ${url}\n`)]);
  expect(greeting.stderr).toContain("There is no link that signs in");
});
