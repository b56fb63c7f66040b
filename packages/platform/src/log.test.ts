import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "./log.ts";
import { redact } from "./redact.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-log-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const lines = (file: string) =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("a line is JSON with event, name and the child's fields, written at once", () => {
  const file = join(root, "a", "hub.log");
  const log = createLogger({ name: "hub", file }).child({ sessionId: "s1" });
  log.info("hub.started", { port: 3006 });
  log.debug("not.written");
  expect(lines(file)).toMatchObject([{ name: "hub", sessionId: "s1", event: "hub.started", port: 3006 }]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("secrets do not get in, by name or by form", () => {
  const file = join(root, "secret.log");
  const log = createLogger({ name: "x", file });
  const secret = "s3cr3tvalue00";
  log.warn("request.failed", {
    token: secret,
    cliApiToken: secret,
    headers: { Authorization: `Bearer ${secret}`, cookie: secret, "x-api-key": secret },
    url: `https://h/events?token=${secret}&all=true`,
    nested: [{ password: secret }, `Authorization: Bearer ${secret}`],
    error: new Error(`GET /api?access_token=${secret} failed`, { cause: { apiKey: secret } }),
  });
  log.child({ token: secret }).error("again", { text: `eyJhbGciOi.${secret}.x` });
  const text = readFileSync(file, "utf8");
  expect(text).not.toContain(secret);
  expect(text).toContain("all=true");
});

test("counts of tokens, errors and odd values stay readable", () => {
  expect(redact({ inputTokens: 5, tokens: { total: 3 }, token: null, hasToken: true })).toEqual({
    inputTokens: 5,
    tokens: { total: 3 },
    token: null,
    hasToken: true,
  });
  expect(redact(Object.assign(new Error("x"), { code: "not_found" }))).toMatchObject({ message: "x", code: "not_found" });
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  expect(JSON.stringify(redact(loop))).toContain("[deep]");
  expect(redact(new Uint8Array(3))).toBe("[3 bytes]");
});

test("a file keeps two generations", () => {
  const file = join(root, "rolling.log");
  const log = createLogger({ name: "x", file, maxBytes: 500 });
  for (let n = 0; n < 40; n++) log.info("counted", { n });
  expect(existsSync(`${file}.1`)).toBe(true);
  expect(statSync(file).size).toBeLessThan(1_000);
  expect(lines(file).at(-1)).toMatchObject({ n: 39 });
});
