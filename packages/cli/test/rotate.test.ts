/** `hapi auth rotate` against a hub: what the new secret takes over from the old one, and which ones have none to replace. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectHub, createManualClock, startTestHub, type TestHub } from "@hapi/testkit";
import { rotate } from "../src/sign-ins.ts";
import { createTerminal, palette } from "../src/tui/terminal.ts";

const dayMs = 86_400_000;
type Shown = { id: string; createdAt: number; expiresAt: number | null; revokedAt: number | null };

let home: string;
let hub: TestHub;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "hapi-rotate-"));
  // What is made here for a day is over by the clock of whoever asks.
  hub = await startTestHub({ clock: createManualClock(Date.now() - 2 * dayMs) });
});
afterAll(async () => {
  await hub.close();
  rmSync(home, { recursive: true, force: true });
});

const add = async (body: object): Promise<string> => {
  const made = await (await connectHub(hub)).api("POST", "/credentials", { kind: "integration", name: "CI", ...body });
  return (made.body["credential"] as Shown).id;
};
const all = async (): Promise<Shown[]> => (await (await connectHub(hub)).api("GET", "/credentials")).body["credentials"] as Shown[];

async function rotated(id: string): Promise<Shown> {
  const said: unknown[] = [];
  const terminal = { ...createTerminal(), json: (value: unknown) => void said.push(value) };
  const env = { HAPI_HOME: home, HAPI_API_URL: hub.url, CLI_API_TOKEN: hub.token };
  const context = { terminal, paint: palette({}, false), env, cwd: home };
  await rotate({ values: { json: true }, positionals: ["rotate", id] }, context);
  return (said[0] as { credential: Shown }).credential;
}

test("a secret that was for thirty days is so again; one without an end has none", async () => {
  const { createdAt, expiresAt } = await rotated(await add({ lifetimeDays: 30 }));
  expect((expiresAt ?? 0) - createdAt).toBe(30 * dayMs);
  expect((await rotated(await add({}))).expiresAt).toBeNull();
});

test.each(["credential_revoked", "credential_expired"])("one that is over is not made good: %s", async (code) => {
  const isRevoked = code === "credential_revoked";
  const id = await add(isRevoked ? {} : { lifetimeDays: 1 });
  if (isRevoked) await (await connectHub(hub)).api("DELETE", `/credentials/${id}`);
  const before = await all();
  expect(await rotated(id).catch((cause: unknown) => cause)).toMatchObject({ code, message: expect.stringContaining("hapi auth add") });
  expect(await all()).toEqual(before);
});
