import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hubOwnerPath } from "@hapi/platform";
import { ensureHub } from "./local-hub.ts";

const home = mkdtempSync(join(tmpdir(), "hapi-local-hub-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("ours ended because another one was a moment faster and has not said yet who it is: that one is waited for", async () => {
  let isUp = false;
  using other = Bun.serve({ port: 0, fetch: () => (isUp ? Response.json({ status: "ok" }) : new Response(null, { status: 503 })) });
  const env = { HAPI_HOME: home, HAPI_LISTEN_PORT: String(other.port), CLI_API_TOKEN: "secret-secret-secret" };
  const found = ensureHub(env, home, () => ({
    exited: Promise.resolve().then(() =>
      setImmediate(() => {
        writeFileSync(hubOwnerPath(home), JSON.stringify({ pid: process.pid, url: `http://127.0.0.1:${other.port}` }));
        isUp = true;
      }),
    ),
  }));
  expect(await found).toMatchObject({ url: `http://127.0.0.1:${other.port}`, isReachable: true });
});

test("ours ended for a reason of its own: the reason is said", async () => {
  rmSync(hubOwnerPath(home), { force: true });
  const env = { HAPI_HOME: home, HAPI_LISTEN_PORT: "1", CLI_API_TOKEN: "secret-secret-secret" };
  const start = (logFile: string) => {
    writeFileSync(logFile, "hapi: Port 1 is taken\n");
    return { exited: Promise.resolve() };
  };
  await expect(ensureHub(env, home, start)).rejects.toMatchObject({
    code: "hub_unreachable",
    message: expect.stringContaining("Port 1 is taken"),
  });
});
