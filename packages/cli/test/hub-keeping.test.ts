/** `hapi hub backup | restore | check | status` as a person calls them, with a hub in a process of its own. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHubApi } from "@hapi/client";
import { createSessionLink } from "@hapi/client/link";
import { openSqlite, runCommand, type CommandResult } from "@hapi/platform";
import { migrate } from "../../hub/src/sqlite/migrate.ts";

const MAIN = join(import.meta.dir, "../src/main.ts");
const token = "keeping-cli-secret";
const homes: string[] = [];
const running = new Set<Bun.Subprocess>();
const cleanups: (() => unknown)[] = [];

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), "hapi-hubcli-"));
  homes.push(home);
  return home;
}

const envOf = (home: string) => ({ PATH: process.env["PATH"] ?? "", HOME: home, HAPI_HOME: home, CLI_API_TOKEN: token });

function hapi(home: string, ...words: string[]): Promise<CommandResult> {
  return runCommand([process.execPath, MAIN, "hub", ...words], { env: envOf(home), cwd: home, timeoutMs: 240_000 });
}

async function startHub(home: string): Promise<{ url: string; child: Bun.Subprocess }> {
  const child = Bun.spawn([process.execPath, MAIN, "hub", "--json", "--no-runner", "--port", "0"], {
    env: envOf(home),
    cwd: home,
    stdout: "pipe",
    stderr: "inherit",
  });
  running.add(child);
  const { value } = await child.stdout.getReader().read();
  return { child, url: (JSON.parse(new TextDecoder().decode(value)) as { url: string }).url };
}

async function end(child: Bun.Subprocess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  child.kill(signal);
  await child.exited;
  running.delete(child);
}

afterEach(async () => {
  for (const clean of cleanups.splice(0)) clean();
  for (const child of running) await end(child, "SIGKILL");
});
afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true, maxRetries: 5 })));

/** Large enough that a backup of it can be caught in the middle. */
async function fill(home: string, messages: number): Promise<void> {
  const db = openSqlite(join(home, "hub.sqlite"));
  migrate(db);
  db.transaction(() => {
    db.run(
      "INSERT INTO sessions (id, namespace, created_at, updated_at, active_at, thinking_at, last_seq, last_at) VALUES ('s', 'default', 1, 1, 1, 1, ?, 1)",
      messages,
    );
    const content = JSON.stringify("x".repeat(2_000));
    for (let seq = 1; seq <= messages; seq++)
      db.run(
        "INSERT INTO messages (session_pk, seq, id, content, created_at, invoked_at, position) VALUES (1, ?, ?, ?, 1, 1, 1)",
        seq,
        `m${seq}`,
        content,
      );
  });
  await db.close();
}

test("backup, more work, restore beside the running hub without asking, undo; the same process serves all the time", async () => {
  const home = newHome();
  const { url, child } = await startHub(home);
  const api = createHubApi({ baseUrl: url, accessToken: () => token });
  const id = crypto.randomUUID();
  const link = createSessionLink({ hubUrl: url, token, sessionId: id });
  cleanups.push(() => link.close());
  await link.register({ id, tag: "t", metadata: { path: "/p", host: "h" }, agentState: null });
  const target = join(home, "my.sqlite");
  const made = await hapi(home, "backup", target, "--json");
  expect(made).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(made.stdout)).toMatchObject({ path: target, sessions: 1, problems: [] });
  const taken = await hapi(home, "backup", target);
  expect(taken.code).toBe(1);
  expect(taken.stderr).toContain("is there already and is not written over");
  await link.register({ id, tag: "t", metadata: { path: "/p", host: "h" }, agentState: null });
  const other = crypto.randomUUID();
  const second = createSessionLink({ hubUrl: url, token, sessionId: other });
  cleanups.push(() => second.close());
  await second.register({ id: other, tag: "u", metadata: { path: "/p", host: "h" }, agentState: null });
  expect(await api.sessions.list()).toHaveLength(2);

  const unasked = await hapi(home, "restore", target);
  expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining("--yes") });
  const restored = await hapi(home, "restore", target, "--yes", "--json");
  expect(restored.stderr).toBe("");
  const { keptAs, isRunning } = JSON.parse(restored.stdout) as { keptAs: string; isRunning: boolean };
  expect(isRunning).toBe(true);
  expect((await api.sessions.list()).map((session) => session.id)).toEqual([id]);
  expect(JSON.parse((await hapi(home, "status", "--json")).stdout)).toMatchObject({ isRunning: true, sessions: 1 });
  const undone = await hapi(home, "restore", keptAs, "-y");
  expect(undone).toMatchObject({ code: 0, stdout: expect.stringContaining("The hub runs on with it.") });
  expect(await api.sessions.list()).toHaveLength(2);
  expect(child.exitCode).toBe(null);
  await end(child, "SIGTERM");
  expect(child.exitCode).toBe(0);
  const checked = await hapi(home, "check", "--json");
  expect(checked.code).toBe(0);
  expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, sessions: 2, problems: [] });
  expect((await hapi(home, "status")).code).toBe(3);
}, 240_000);

test("kill -9 in the middle of a backup leaves no file of that name, and the next one cleans up", async () => {
  const home = newHome();
  await fill(home, 40_000);
  const target = join(home, "kept.sqlite");
  for (let round = 0; round < 3; round++) {
    const child = Bun.spawn([process.execPath, MAIN, "hub", "backup", target], {
      env: envOf(home),
      cwd: home,
      stdout: "ignore",
      stderr: "ignore",
    });
    running.add(child);
    await new Promise<void>((resolve) => {
      const watcher = watch(home, (_, name) => {
        // Those of the rounds before are cleaned up meanwhile.
        if (!name?.endsWith(`.${child.pid}.partial`)) return;
        watcher.close();
        resolve();
      });
    });
    await end(child, "SIGKILL");
    expect(existsSync(target)).toBe(false);
  }
  const partial = (): string[] => readdirSync(home).filter((name) => name.includes(".partial"));
  expect(partial()).not.toEqual([]);
  expect(await hapi(home, "backup", target)).toMatchObject({ code: 0 });
  expect(partial()).toEqual([]);
  expect(JSON.parse((await hapi(home, "check", "--json")).stdout)).toMatchObject({ ok: true, messages: 40_000 });
}, 240_000);

test("kill -9 at any moment of a restore leaves a whole database, the old one or the backup, and never less than one", async () => {
  const home = newHome();
  await fill(home, 8_000);
  const small = newHome();
  await fill(small, 3_000);
  const file = join(small, "backup.sqlite");
  expect(await hapi(small, "backup", file)).toMatchObject({ code: 0 });
  // Struck when it has made the copy, when it has kept the old one, and after times in between.
  const moments: (string | number)[] = ["restoring-", 3, 12, 25, 60, "before-restore", "before-restore"];
  for (const moment of moments) {
    const child = Bun.spawn([process.execPath, MAIN, "hub", "restore", file, "--yes"], {
      env: envOf(home),
      cwd: home,
      stdout: "ignore",
      stderr: "ignore",
    });
    running.add(child);
    const until = typeof moment === "string" ? moment : "restoring-";
    await new Promise<void>((resolve) => {
      const watcher = watch(home, (_, name) => {
        if (!name?.includes(until)) return;
        watcher.close();
        resolve();
      });
      void child.exited.then(() => resolve());
    });
    if (typeof moment === "number") await new Promise((resolve) => setTimeout(resolve, moment));
    await end(child, "SIGKILL");
    const { ok, messages } = JSON.parse((await hapi(home, "check", "--json")).stdout) as { ok: boolean; messages: number };
    expect(ok).toBe(true);
    expect([3_000, 8_000]).toContain(messages);
    if (messages === 3_000) {
      // Whatever was there stands beside it, whole.
      const [kept = ""] = readdirSync(home).filter((name) => name.startsWith("hub.before-restore"));
      expect(await hapi(home, "restore", join(home, kept), "--yes")).toMatchObject({ code: 0 });
    }
    for (const name of readdirSync(home)) if (name.startsWith("hub.before-restore")) rmSync(join(home, name));
  }
  expect(await hapi(home, "restore", file, "--yes")).toMatchObject({ code: 0 });
  expect(readdirSync(home).filter((name) => name.includes("restoring"))).toEqual([]);
}, 480_000);

test("words it does not know, and a home without a hub, are said in one sentence", async () => {
  const home = newHome();
  expect(await hapi(home, "bakup")).toMatchObject({ code: 1, stderr: expect.stringContaining('hapi hub does not know "bakup"') });
  expect(await hapi(home, "check", "too", "many")).toMatchObject({ code: 1, stderr: expect.stringContaining("too many words") });
  expect(await hapi(home, "restore")).toMatchObject({ code: 1, stderr: expect.stringContaining("needs a FILE") });
  expect(await hapi(home, "backup")).toMatchObject({ code: 1, stderr: expect.stringContaining("There is no hub's database") });
  expect(await hapi(home, "status")).toMatchObject({ code: 3, stdout: expect.stringContaining("no hub's database") });
  expect(await hapi(home, "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("hapi hub restore /mnt/disk/hapi.sqlite") });
}, 240_000);
