/** A session follows the hub of its home and the hub of its settings, and nobody else's. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hubNow, hubOfSession } from "./hub-address.ts";
import type { SessionFile } from "./session-file.ts";

const home = mkdtempSync(join(tmpdir(), "hapi-address-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(() => ["settings.json", "hub.json"].forEach((name) => rmSync(join(home, name), { force: true })));

const hubRuns = (url: string, pid = process.pid): void => writeFileSync(join(home, "hub.json"), JSON.stringify({ pid, url }));
const settings = (apiUrl: string): void => writeFileSync(join(home, "settings.json"), JSON.stringify({ apiUrl }));

test("the hub of this home is known by its own word, and followed to another port; while it is away its last address stays", () => {
  hubRuns("http://127.0.0.1:4001");
  const known = hubNow(home, { hubUrl: "http://localhost:4001" });
  expect(known).toEqual({ hubUrl: "http://localhost:4001", hubFrom: "home" });
  hubRuns("http://0.0.0.0:4002");
  expect(hubNow(home, known)).toEqual({ hubUrl: "http://127.0.0.1:4002", hubFrom: "home" });
  hubRuns("http://127.0.0.1:4003", 2 ** 30);
  expect(hubNow(home, known)).toEqual(known);
});

test("a tunnel on loopback is not the hub of this home", () => {
  hubRuns("http://127.0.0.1:4001");
  expect(hubNow(home, { hubUrl: "http://127.0.0.1:5000" })).toEqual({ hubUrl: "http://127.0.0.1:5000" });
});

test("an address from the settings is followed there; settings nobody can read change nothing", () => {
  settings("https://hub.example.org/");
  const known = hubNow(home, { hubUrl: "https://hub.example.org" });
  expect(known.hubFrom).toBe("settings");
  settings("https://new.example.org");
  hubRuns("http://127.0.0.1:4001");
  expect(hubNow(home, known).hubUrl).toBe("https://new.example.org");
  writeFileSync(join(home, "settings.json"), "{");
  expect(hubNow(home, known)).toEqual(known);
});

test("where an address came from is forgotten when somebody gives the session another", () => {
  const sessionFile = { hubUrl: "https://b.example.org", registeredAt: "https://a.example.org", hubFrom: "home" } as SessionFile;
  expect(hubOfSession(sessionFile)).toEqual({ hubUrl: "https://b.example.org" });
  expect(hubOfSession({ ...sessionFile, registeredAt: sessionFile.hubUrl })).toEqual({ hubUrl: sessionFile.hubUrl, hubFrom: "home" });
});
