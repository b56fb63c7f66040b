/** A hub that listens elsewhere by setting is found by every command. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hubOwnerPath, runningHub } from "@hapi/platform";
import { hubAddress } from "./hub-address.ts";

const home = mkdtempSync(join(tmpdir(), "hapi-address-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(() => ["settings.json", "hub.json"].forEach((name) => rmSync(join(home, name), { force: true })));
const settings = (value: object): void => writeFileSync(join(home, "settings.json"), JSON.stringify(value));

test("the local hub's port and host come from where the hub itself reads them", () => {
  const env = { HAPI_HOME: home };
  expect(hubAddress(env)).toEqual({ url: "http://127.0.0.1:3006", source: "default" });
  settings({ listenPort: 4000, listenHost: "0.0.0.0" });
  expect(hubAddress(env).url).toBe("http://127.0.0.1:4000");
  expect(hubAddress({ ...env, HAPI_LISTEN_PORT: "5000", HAPI_LISTEN_HOST: "::1" }).url).toBe("http://[::1]:5000");
});

test("a configured hub wins", () => {
  settings({ listenPort: 4000, apiUrl: "https://hub.example.org" });
  expect(hubAddress({ HAPI_HOME: home })).toEqual({ url: "https://hub.example.org", source: "settings" });
  expect(hubAddress({ HAPI_HOME: home, HAPI_API_URL: "http://127.0.0.1:9" })).toEqual({ url: "http://127.0.0.1:9", source: "env" });
});

test("a hub that runs on this home is found on whatever port it was started; one that is gone is not believed", () => {
  const owner = (value: unknown): void => writeFileSync(hubOwnerPath(home), JSON.stringify(value));
  const env = { HAPI_HOME: home };
  settings({ listenPort: 4000 });
  owner({ pid: process.pid, url: "http://0.0.0.0:8080" });
  expect(hubAddress(env)).toEqual({ url: "http://127.0.0.1:8080", source: "default" });
  owner({ pid: process.pid });
  expect([runningHub(home), hubAddress(env).url]).toEqual([{ pid: process.pid }, "http://127.0.0.1:4000"]);
  owner({ pid: 2 ** 30, url: "http://127.0.0.1:8080" });
  expect([runningHub(home), hubAddress(env).url]).toEqual([null, "http://127.0.0.1:4000"]);
  writeFileSync(hubOwnerPath(home), "{");
  expect(runningHub(home)).toBeNull();
  settings({ apiUrl: "https://hub.example.org" });
  owner({ pid: process.pid, url: "http://127.0.0.1:8080" });
  expect(hubAddress(env).url).toBe("https://hub.example.org");
});
