/** Starting: fresh homes, and each way in which it can't. */
import { afterAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHub } from "@hapi/hub";
import { silentLogger } from "@hapi/platform";
import { AppError } from "@hapi/protocol";

const scratch = mkdtempSync(join(tmpdir(), "hapi-start-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const options = { port: 0, log: silentLogger, token: "secret-secret-secret" };
const freshHome = (): string => mkdtempSync(join(scratch, "hapi-start-"));

async function codeOf(start: Promise<unknown>): Promise<string> {
  try {
    await start;
  } catch (cause) {
    if (cause instanceof AppError) return cause.code;
    throw cause;
  }
  return "started";
}

test("a fresh home is private and keeps its token, secret and owner", async () => {
  const home = join(freshHome(), "new");
  const first = await startHub({ ...options, home, token: undefined });
  await first.close();
  expect(statSync(home).mode & 0o777).toBe(0o700);
  for (const file of ["settings.json", "jwt-secret.json", "owner-id.json", "hub.sqlite"])
    expect(statSync(join(home, file)).mode & 0o777).toBe(0o600);
  const before = readFileSync(join(home, "jwt-secret.json"), "utf8");
  const second = await startHub({ ...options, home, token: undefined });
  expect(second.token).toBe(first.token);
  expect(readFileSync(join(home, "jwt-secret.json"), "utf8")).toBe(before);
  await second.close();
});

describe("refuses", () => {
  test.each(["a", "secret", "0123456789", "aaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababab"])(
    "a token that is guessed: %s",
    async (token) => {
      const failure = await startHub({ ...options, home: freshHome(), token }).catch((cause: unknown) => cause);
      expect(failure).toMatchObject({ code: "weak_token", message: expect.stringContaining("CLI_API_TOKEN=$(openssl rand -base64 32)") });
    },
  );

  test("a database of a newer HAPI, and leaves it alone", async () => {
    const home = freshHome();
    const db = new Database(join(home, "hub.sqlite"));
    db.exec("PRAGMA user_version = 999");
    db.close();
    expect(await codeOf(startHub({ ...options, home }))).toBe("database_newer");
    const after = new Database(join(home, "hub.sqlite"), { readonly: true });
    expect(after.query("PRAGMA user_version").get()).toEqual({ user_version: 999 });
    after.close();
  });

  test("a damaged database", async () => {
    const home = freshHome();
    writeFileSync(join(home, "hub.sqlite"), "this is no database, whatever its name says".repeat(200));
    expect(await codeOf(startHub({ ...options, home }))).toBe("database_corrupt");
  });

  test("damaged secrets and settings", async () => {
    const home = freshHome();
    writeFileSync(join(home, "settings.json"), "{");
    expect(await codeOf(startHub({ ...options, home, token: undefined }))).toBe("settings_corrupt");
    writeFileSync(join(home, "settings.json"), "{}");
    writeFileSync(join(home, "jwt-secret.json"), "{}");
    expect(await codeOf(startHub({ ...options, home }))).toBe("settings_corrupt");
  });

  test("damaged files say what to do next", async () => {
    for (const [file, text, next] of [
      ["jwt-secret.json", "{", "Delete it; everyone logs in again."],
      ["jwt-secret.json", "[]", "Delete it; everyone logs in again."],
      ["jwt-secret.json", "1", "Delete it; everyone logs in again."],
      ["owner-id.json", "", "Delete it to get a new owner id."],
    ] as const) {
      const home = freshHome();
      writeFileSync(join(home, file), text);
      await expect(startHub({ ...options, home })).rejects.toThrow(next);
    }
  });

  test("a home that another hub uses, and says which", async () => {
    const home = freshHome();
    const first = await startHub({ ...options, home });
    const refused = await startHub({ ...options, home }).then(
      () => null,
      (cause: unknown) => cause as AppError,
    );
    expect(refused?.code).toBe("home_in_use");
    expect(refused?.message).toContain(`pid ${process.pid}`);
    expect(refused?.message).toContain(first.url);
    await first.close();
    const second = await startHub({ ...options, home });
    await second.close();
  });

  test("a token with a colon, a taken port", async () => {
    expect(await codeOf(startHub({ ...options, home: freshHome(), token: "a:b" }))).toBe("settings_corrupt");
    const hub = await startHub({ ...options, home: freshHome() });
    const home = freshHome();
    expect(await codeOf(startHub({ ...options, home, port: hub.port }))).toBe("port_taken");
    // What it had opened is closed again: the same home starts.
    const again = await startHub({ ...options, home });
    await again.close();
    await hub.close();
  });

  test("a home it can't write", async () => {
    const parent = freshHome();
    chmodSync(parent, 0o500);
    // Root may write into any folder, but for those of the kernel.
    const home = process.getuid?.() === 0 ? "/sys/kernel/hapi-home" : join(parent, "home");
    expect(await codeOf(startHub({ ...options, home }))).toBe("home_not_writable");
  });
});

test("another HAPI's database beside ours is never touched", async () => {
  const home = freshHome();
  const foreign = join(home, "hapi.db");
  writeFileSync(foreign, "not ours");
  const hub = await startHub({ ...options, home });
  await hub.close();
  expect(readFileSync(foreign, "utf8")).toBe("not ours");
});

describe("the web app", () => {
  const root = freshHome();
  writeFileSync(join(root, "index.html"), "<!doctype html><title>HAPI</title>");
  writeFileSync(join(root, "sw.js"), "self");
  writeFileSync(join(root, "sw.js.br"), "brotli bytes");
  writeFileSync(join(root, "..", "outside.txt"), "outside");

  test("is served with its variants, ETag, fallback and headers", async () => {
    await using hub = await startHub({ ...options, home: freshHome(), webRoot: root });
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(hub.url + path, { headers: { "accept-encoding": "identity", ...headers } });
    const page = await get("/sessions/some-id");
    expect([page.status, await page.text()]).toEqual([200, "<!doctype html><title>HAPI</title>"]);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    const etag = page.headers.get("etag") ?? "";
    expect((await get("/", { "if-none-match": etag })).status).toBe(304);
    const plain = await get("/sw.js");
    expect([plain.headers.get("content-encoding"), plain.headers.get("content-type")]).toEqual([null, "text/javascript; charset=utf-8"]);
    const response = await fetch(`${hub.url}/sw.js`, { headers: { "accept-encoding": "br" }, decompress: false } as RequestInit);
    expect(response.headers.get("content-encoding")).toBe("br");
    expect((await get("/missing.js")).status).toBe(404);
    for (const path of ["/%2e%2e/outside.txt", "/..%2foutside.txt", "/%00", "/%"])
      expect(await (await get(path)).text()).not.toContain("outside");
    expect((await get("/api/nothing")).headers.get("content-type")).toContain("json");
  });
});

test("CORS for configured origins only", async () => {
  await using hub = await startHub({
    ...options,
    home: freshHome(),
    publicUrl: "https://hapi.example.org/app",
    corsOrigins: ["http://localhost:5173"],
  });
  const origin = async (value: string) =>
    (await fetch(`${hub.url}/api/sessions`, { method: "OPTIONS", headers: { origin: value } })).headers.get("access-control-allow-origin");
  expect(await origin("https://hapi.example.org")).toBe("https://hapi.example.org");
  expect(await origin("http://localhost:5173")).toBe("http://localhost:5173");
  expect(await origin("https://evil.example.org")).toBeNull();
});

test("answers of the API are in nobody's cache and nothing else than they say", async () => {
  await using hub = await startHub({ ...options, home: freshHome() });
  for (const path of ["/health", "/api/sessions", "/api/nothing", "/cli/sessions/x"]) {
    const { headers } = await fetch(hub.url + path);
    expect([path, headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual([path, "no-store", "nosniff"]);
  }
});

test("an answer names its request, by the client's word for it where there is one; what is not a word of that kind is not repeated", async () => {
  await using hub = await startHub({ ...options, home: freshHome() });
  const named = async (id?: string) => {
    const answer = await fetch(`${hub.url}/health`, id === undefined ? {} : { headers: { "x-request-id": id } });
    return answer.headers.get("x-request-id");
  };
  expect(await named("from-the-phone_1")).toBe("from-the-phone_1");
  expect(await named("a b<script>")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await named()).toMatch(/^[0-9a-f-]{36}$/);
});
