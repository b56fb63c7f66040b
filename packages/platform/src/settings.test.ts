import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withDirLock } from "./dir-lock.ts";
import {
  keepHubToken,
  knownCliApiToken,
  loadSettings,
  resolveApiUrl,
  resolveHubToken,
  resolveMachineId,
  settingsPath,
  updateSettings,
} from "./settings.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-settings-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let next = 0;
const fresh = () => {
  const home = join(root, `h${next++}`);
  mkdirSync(home);
  return home;
};

test("unknown keys of other installations are kept, the file is 0600", async () => {
  const home = fresh();
  writeFileSync(settingsPath(home), JSON.stringify({ foreign: { a: 1 }, cliApiToken: "t" }), { mode: 0o644 });
  await updateSettings(home, () => ({ apiUrl: "http://x", cliApiToken: undefined }));
  expect(loadSettings(home)).toEqual({ foreign: { a: 1 }, apiUrl: "http://x" });
  expect(statSync(settingsPath(home)).mode & 0o777).toBe(0o600);
});

test("reading a file that others may read and that holds the token makes it ours alone; without a token it stays as it is", () => {
  const [holding, open] = [fresh(), fresh()];
  writeFileSync(settingsPath(holding), JSON.stringify({ cliApiToken: "t" }), { mode: 0o644 });
  writeFileSync(settingsPath(open), JSON.stringify({ apiUrl: "http://x" }), { mode: 0o644 });
  expect([loadSettings(holding).cliApiToken, loadSettings(open).apiUrl]).toEqual(["t", "http://x"]);
  expect([holding, open].map((home) => statSync(settingsPath(home)).mode & 0o777)).toEqual([0o600, 0o644]);
});

test("a corrupt file is reported with its path and never written over", async () => {
  for (const text of ["{ not json", "[]", "null", ""]) {
    const home = fresh();
    writeFileSync(settingsPath(home), text);
    const corrupt = { code: "settings_corrupt", details: { path: settingsPath(home) } };
    expect(() => loadSettings(home)).toThrow(expect.objectContaining(corrupt));
    await expect(updateSettings(home, () => ({ a: 1 }))).rejects.toMatchObject(corrupt);
    await expect(resolveHubToken({ HAPI_HOME: home })).rejects.toMatchObject(corrupt);
    expect(readFileSync(settingsPath(home), "utf8")).toBe(text);
    expect(existsSync(`${settingsPath(home)}.hapi.lock`)).toBe(false);
  }
});

test("token and machine id are made once, also when many ask at the same time", async () => {
  const env = { HAPI_HOME: fresh() };
  expect(knownCliApiToken(env)).toBeNull();
  const tokens = await Promise.all(Array.from({ length: 8 }, () => resolveHubToken(env)));
  expect(new Set(tokens).size).toBe(1);
  expect(tokens[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const ids = await Promise.all(Array.from({ length: 4 }, () => resolveMachineId(env)));
  expect(new Set(ids).size).toBe(1);
  expect(await resolveHubToken({ ...env, CLI_API_TOKEN: "given:ns" })).toBe("given:ns");
  expect(loadSettings(env.HAPI_HOME).cliApiToken).toBe(tokens[0]);
}, 20_000);

test("the hub's address: environment, then file, then the local one", async () => {
  const HAPI_HOME = fresh();
  expect(resolveApiUrl({ HAPI_HOME })).toEqual({ url: "http://localhost:3006", source: "default" });
  await updateSettings(HAPI_HOME, () => ({ serverUrl: "http://old" }));
  expect(resolveApiUrl({ HAPI_HOME })).toEqual({ url: "http://old", source: "settings" });
  await updateSettings(HAPI_HOME, () => ({ apiUrl: "http://new/" }));
  expect(resolveApiUrl({ HAPI_HOME }).url).toBe("http://new");
  expect(resolveApiUrl({ HAPI_HOME, HAPI_API_URL: "https://env/hub/" })).toEqual({ url: "https://env/hub", source: "env" });
  expect(() => resolveApiUrl({ HAPI_HOME, HAPI_API_URL: "nonsense" })).toThrow("HAPI_API_URL");
});

test("the lock is respected while fresh and taken over when stale", async () => {
  const home = fresh();
  const lock = `${settingsPath(home)}.hapi.lock`;
  mkdirSync(lock);
  await expect(withDirLock(lock, () => 1, { retries: 2, retryMs: 1 })).rejects.toMatchObject({ code: "timeout" });
  const old = Date.now() / 1000 - 31;
  utimesSync(lock, old, old);
  await updateSettings(home, () => ({ a: 1 }));
  expect([loadSettings(home), existsSync(lock)]).toEqual([{ a: 1 }, false]);
});

test("processes that count under the lock lose nothing", async () => {
  const home = fresh();
  await updateSettings(home, () => ({ count: 0 }));
  const module = new URL("./settings.ts", import.meta.url).pathname;
  const script = `const { updateSettings } = await import(${JSON.stringify(module)});
    for (let n = 0; n < 10; n++) await updateSettings(process.argv[1], (now) => ({ count: now.count + 1 }));`;
  const children = [1, 2, 3].map(() => Bun.spawn([process.execPath, "-e", script, home]));
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0]);
  expect(loadSettings(home)).toEqual({ count: 30 });
}, 30_000);

test("the hub's secret of an older home moves to a key of its own, and signing in elsewhere does not touch it", async () => {
  const env = { HAPI_HOME: fresh() };
  await updateSettings(env.HAPI_HOME, () => ({ cliApiToken: "old", other: 1 }));
  expect(await resolveHubToken(env)).toBe("old");
  expect(loadSettings(env.HAPI_HOME)).toEqual({ cliApiToken: "old", hubToken: "old", other: 1 });
  await updateSettings(env.HAPI_HOME, () => ({ apiUrl: "http://elsewhere", cliApiToken: "theirs:me" }));
  expect([await resolveHubToken(env), knownCliApiToken(env)]).toEqual(["old", "theirs:me"]);
  await updateSettings(env.HAPI_HOME, () => ({ apiUrl: undefined, cliApiToken: undefined }));
  expect([await resolveHubToken(env), knownCliApiToken(env)]).toEqual(["old", "old"]);
});

test("a client's token of a hub elsewhere never becomes the secret of a hub here, unless one ran here with it", async () => {
  const client = { cliApiToken: "theirs", apiUrl: "http://elsewhere" };
  const env = { HAPI_HOME: fresh() };
  await updateSettings(env.HAPI_HOME, () => client);
  expect(await keepHubToken(env.HAPI_HOME)).toBeNull();
  expect(await resolveHubToken(env)).not.toBe("theirs");
  expect(loadSettings(env.HAPI_HOME).cliApiToken).toBe("theirs");
  const ran = fresh();
  await updateSettings(ran, () => client);
  writeFileSync(join(ran, "hub.sqlite"), "");
  expect(await keepHubToken(ran)).toBe("theirs");
});

test("to its own hub a client says the hub's secret, with its namespace; another installation's new key does not get in the way", async () => {
  const env = { HAPI_HOME: fresh() };
  await updateSettings(env.HAPI_HOME, () => ({ hubToken: "secret", cliApiToken: "secret:me" }));
  expect(knownCliApiToken(env)).toBe("secret:me");
  await updateSettings(env.HAPI_HOME, () => ({ cliApiToken: "of-another-installation" }));
  expect(knownCliApiToken(env)).toBe("secret");
  expect(knownCliApiToken({ ...env, HAPI_API_URL: "http://elsewhere" })).toBe("of-another-installation");
});
