/** Beyond this computer, as a person types it: what is refused with which words, what a restart keeps, and no token sent in clear. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, runningHub, type CommandResult } from "@hapi/platform";

const MAIN = join(import.meta.dir, "../src/main.ts");
const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function place() {
  const home = mkdtempSync(join(tmpdir(), "hapi-transport-"));
  ends.push(() => rmSync(home, { recursive: true, force: true }));
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, HAPI_HOME: home, HAPI_LISTEN_PORT: "0" };
  const hapi = (words: readonly string[], more: Record<string, string> = {}): Promise<CommandResult> =>
    runCommand([process.execPath, MAIN, ...words], { env: { ...env, ...more }, cwd: home, timeoutMs: 120_000 });
  const startHub = async (words: readonly string[], more: Record<string, string> = {}) => {
    const child = Bun.spawn([process.execPath, MAIN, "hub", "--no-runner", "--json", ...words], {
      env: { ...env, ...more },
      cwd: home,
      stdout: "pipe",
      stderr: "inherit",
    });
    ends.push(() => hapi(["hub", "stop"]));
    const { value } = await child.stdout.getReader().read();
    return JSON.parse(new TextDecoder().decode(value)) as { url: string; token: string };
  };
  return { home, hapi, startHub };
}

test("hapi hub refuses to listen for others in clear, with one sentence that names the ways on; so does the environment's word", async () => {
  const { hapi } = place();
  for (const [words, env] of [
    [["hub", "--host", "0.0.0.0"], {}],
    [["hub"], { HAPI_LISTEN_HOST: "::" }],
  ] as const) {
    const { code, stderr } = await hapi(words, env);
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
    for (const way of ["--tls", "--tls-cert", "HAPI_TRUSTED_PROXIES", "--insecure-http"]) expect(stderr).toContain(way);
  }
  expect((await hapi(["hub", "--tls-cert", "x.pem"])).stderr).toContain("give both --tls-cert and --tls-key");
});

test("a hub with TLS is the same one after a restart, and commands on its computer find it without", async () => {
  const { home, hapi, startHub } = place();
  const { token } = await startHub(["--host", "0.0.0.0", "--tls"]);
  const before = runningHub(home);
  expect(before?.front?.url).toMatch(/^https:\/\/0\.0\.0\.0:\d+$/);
  expect((await hapi(["auth", "status", "--json"])).stdout).toContain('"isAccepted": true');
  const restarted = await hapi(["hub", "restart", "--json"]);
  expect(restarted.code).toBe(0);
  const after = runningHub(home);
  expect([after?.front, after?.listen]).toEqual([before?.front, before?.listen]);
  expect(after?.pid).not.toBe(before?.pid);
  const link = JSON.parse((await hapi(["web", "--json"])).stdout) as { link: string; fingerprint: string };
  expect(link.fingerprint).toBe(before?.front?.fingerprint as string);
  expect(link.link).toMatch(/^https:.*#token=/);
  // A program of another computer trusts the certificate that it was given.
  const other = place();
  const port = new URL(before?.front?.url ?? "").port;
  const url = `https://127.0.0.1:${port}`;
  const login = (env: Record<string, string>) => other.hapi(["auth", "login", "--url", url, "--token", token], env);
  expect((await login({})).code).toBe(1);
  expect((await login({ NODE_EXTRA_CA_CERTS: join(home, "tls-cert.pem") })).code).toBe(0);
});

test("a token is not sent in clear to another computer, and the words of a command are no place for it", async () => {
  const { home, hapi, startHub } = place();
  const { url, token } = await startHub([]);
  const refused = await hapi(["auth", "login", "--url", "http://hub.example:3006", "--token", token]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("whoever is in between would read the token")]);
  const insisted = await hapi(["auth", "login", "--url", "http://hub.invalid:3006", "--token", token, "--insecure-http"]);
  expect(insisted.stderr).toContain("No hub answers at http://hub.invalid:3006");
  const here = await hapi(["auth", "login", "--url", url, "--token", token]);
  expect([here.code, here.stderr]).toEqual([0, expect.stringContaining("Next time pipe it")]);
  expect(readFileSync(join(home, "settings.json"), "utf8")).toContain(token);
});

test("names that the owner allows are answered to, from the environment as from the settings", async () => {
  const { startHub } = place();
  const { url } = await startHub([], { HAPI_ALLOWED_HOSTS: "hub.example, other.example" });
  const asked = async (host: string) => (await fetch(`${url}/health`, { headers: { host } })).status;
  expect([await asked("hub.example"), await asked("other.example"), await asked("evil.example")]).toEqual([200, 200, 421]);
});
