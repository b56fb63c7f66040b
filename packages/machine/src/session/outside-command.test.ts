/** A program that an agent in a sandbox left where the PATH names a folder of its own is not run outside. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOutsideCommand } from "./outside-command.ts";
import { createSession } from "./create-session.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with a planted git, a boxed session's one with another, and the mark that either leaves. */
function place() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "machine-outside-")));
  folders.push(root);
  const at = (...words: string[]): string => join(root, ...words);
  const mark = at("ran");
  const plant = (folder: string, name = "git"): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o700 });
  };
  for (const folder of ["work/node_modules/.bin", "boxed/bin"]) plant(at(folder));
  for (const folder of ["own/bin", "linked"]) mkdirSync(at(folder), { recursive: true });
  symlinkSync(at("work/node_modules/.bin"), at("to-bin"));
  symlinkSync(at("work/node_modules/.bin/git"), at("linked/git"));
  const home = at("home");
  const session = { home, flavor: "demo", machineId: "m", hubUrl: "http://127.0.0.1:1", startedBy: "terminal", now: 1 } as const;
  createSession({ ...session, cwd: at("boxed"), startingMode: "remote", box: { network: true }, environment: undefined });
  const run = createOutsideCommand(home);
  const git = (path: string) =>
    run(["git", "--version"], { cwd: at("work"), timeoutMs: 10_000, maxBytes: 65_536, env: { PATH: `${path}:/usr/bin:/bin` } });
  return { at, mark, plant, run, git };
}

test.each([
  ["a folder of the session's", ({ at }) => at("work/node_modules/.bin")],
  ["a relative one", () => "node_modules/.bin:."],
  ["none, which means where one stands", () => ":"],
  ["a link that leads there", ({ at }) => at("to-bin")],
  ["a folder whose program leads there", ({ at }) => at("linked")],
  ["a folder of another session, in a sandbox", ({ at }) => at("boxed/bin")],
  ["the folder by a way around", ({ at }) => at("own/../work/node_modules/.bin")],
] as [string, (it: ReturnType<typeof place>) => string][])("the PATH names %s: the system's git is run", async (_, named) => {
  const it = place();
  const answer = await it.git(named(it));
  expect(answer).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("git version") });
  expect(existsSync(it.mark)).toBe(false);
});

test("what the program starts by its name is not found there either", async () => {
  const it = place();
  it.plant(it.at("work/bin"), "helper");
  const env = { PATH: `${it.at("work/bin")}:bin:/usr/bin:/bin` };
  const answer = await it.run(["sh", "-c", "helper"], { cwd: it.at("work"), timeoutMs: 10_000, maxBytes: 65_536, env });
  expect([answer.exitCode, existsSync(it.mark)]).toEqual([127, false]);
});

test("a git of the person's own, before the system's, is taken as before", async () => {
  const it = place();
  it.plant(it.at("own/bin"));
  expect(await it.git(it.at("own/bin"))).toMatchObject({ exitCode: 0, stdout: "" });
  expect(existsSync(it.mark)).toBe(true);
});

test("where there is none elsewhere, that is said", async () => {
  const it = place();
  const limits = { cwd: it.at("work"), timeoutMs: 10_000, maxBytes: 65_536 };
  await expect(it.run(["git", "status"], { ...limits, env: { PATH: it.at("work/node_modules/.bin") } })).rejects.toMatchObject({
    code: "spawn_failed",
    message: expect.stringContaining("git could not be started"),
  });
  expect(existsSync(it.mark)).toBe(false);
});
