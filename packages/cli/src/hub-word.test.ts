/** Continue, ask, or begin anew: what the hub knows of a directory's session decides. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSession, openSessionFile, sessionTag } from "@hapi/machine";
import { AppError, type Session } from "@hapi/protocol";
import { parseAgentFlags } from "./agent-flags.ts";
import { findDirectorySession } from "./directory-session.ts";
import { heedHub, type HubWordDeps } from "./hub-word.ts";

const HUB = "http://127.0.0.1:1";
const root = mkdtempSync(join(tmpdir(), "hapi-hub-word-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => rmSync(join(root, "home"), { recursive: true, force: true }));

function world(options: { registeredAt?: string; words?: (id: string) => string[]; row?: () => Promise<Session>; yes?: boolean }) {
  const home = join(root, "home");
  const base = { home, flavor: "demo", cwd: root, machineId: "m", hubUrl: HUB };
  const { sessionId, dir } = createSession({ ...base, startedBy: "terminal", startingMode: "local" });
  openSessionFile(dir).update({ registeredAt: options.registeredAt });
  const request = { ...base, flags: parseAgentFlags(options.words?.(sessionId) ?? []), asked: null, now: 1 };
  const said: string[] = [];
  const deps: HubWordDeps = {
    request,
    row: options.row ?? (() => Promise.reject(new AppError("session_not_found"))),
    confirm(question) {
      said.push(question);
      return Promise.resolve(options.yes ?? false);
    },
    note: (line) => void said.push(line),
  };
  return { sessionId, said, heed: () => heedHub(findDirectorySession(request), deps) };
}

test("deleted at the hub: a new one, and one line about it", async () => {
  const { said, heed, sessionId } = world({ registeredAt: HUB });
  expect(await heed()).toEqual({ kind: "new", tag: `${sessionTag("m", root, "demo")}:1` });
  expect(said).toEqual([`The session of this directory (${sessionId.slice(0, 8)}) was deleted at the hub. This is a new one.`]);
});

test("asked for by its id it is said, not replaced", async () => {
  const { heed } = world({ registeredAt: HUB, words: (id) => ["--existing-session-id", id] });
  await expect(heed()).rejects.toMatchObject({ code: "session_not_found", message: expect.stringContaining("deleted at the hub") });
});

test("known there (also again, at a hub that had lost it), or no hub there: it goes on", async () => {
  const known = world({ registeredAt: "http://other.example", row: () => Promise.resolve({ metadata: null } as Session) });
  expect(await known.heed()).toMatchObject({ kind: "existing" });
  const away = world({ registeredAt: HUB, row: () => Promise.reject(new AppError("hub_unreachable")) });
  expect(await away.heed()).toMatchObject({ kind: "existing" });
});

test("archived: the person decides", async () => {
  const row = () => Promise.resolve({ metadata: { path: root, host: "h", lifecycleState: "archived" } } as Session);
  expect(await world({ registeredAt: HUB, row, yes: true }).heed()).toMatchObject({ kind: "existing" });
  expect(await world({ registeredAt: HUB, row, yes: false }).heed()).toMatchObject({ kind: "new" });
});
