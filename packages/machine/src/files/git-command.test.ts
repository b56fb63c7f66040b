/** Real git in folders that were prepared by somebody else: looking at them runs nothing of theirs. */
import { afterEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@hapi/platform";
import type { RunCommand } from "./command.ts";
import { confineTo } from "./confine.ts";
import { findFiles } from "./find.ts";
import { createGit } from "./git-command.ts";
import { createGitReader } from "./git.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const run: RunCommand = async (argv, options) => {
  const { stdout, stderr, code, signal } = await runCommand(argv, options);
  return { stdout, stderr, exitCode: code ?? 1, truncated: signal !== null };
};

/** A repository with one committed file that has another time on disk, so that git reads it again, and a mark that what was run leaves. */
function repository() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "machine-git-")));
  folders.push(folder);
  const cwd = join(folder, "work");
  const mark = join(folder, "ran");
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always", ...args], { cwd }).toString();
  mkdirSync(cwd);
  git("init", "-q");
  writeFileSync(join(cwd, "file.txt"), "one\n");
  git("add", ".");
  git("commit", "-qm", "one");
  const touch = (): void => writeFileSync(join(cwd, "file.txt"), "two\n");
  const look = async (): Promise<void> => {
    touch();
    const confinement = await confineTo([cwd]);
    const reader = createGitReader(confinement, run);
    for (const answer of [await reader.status(), await reader.diffNumstat(false), await reader.diffFile("file.txt", false)]) {
      expect(answer).toMatchObject({ success: true });
      expect(answer.stdout).toContain("file.txt");
    }
    await findFiles(confinement, run, "file", 10);
  };
  const runsIt = `sh -c 'touch ${mark}; cat'`;
  return { folder, cwd, mark, git, touch, look, runsIt };
}

const attributes = (cwd: string, line: string): void => writeFileSync(join(cwd, ".git/info/attributes"), `${line}\n`);

test.each([
  ["clean", (it) => it.git("config", "filter.x.clean", it.runsIt)],
  ["process", (it) => it.git("config", "filter.x.process", it.runsIt)],
  ["clean, required", (it) => (it.git("config", "filter.x.clean", it.runsIt), it.git("config", "filter.x.required", "true"))],
  [
    "from an included file",
    (it) => {
      writeFileSync(join(it.folder, "more"), `[filter "x"]\n\tclean = "${it.runsIt}"\n`);
      it.git("config", "include.path", join(it.folder, "more"));
    },
  ],
] as [string, (it: ReturnType<typeof repository>) => unknown][])("a filter of the repository is not run: %s", async (_, prepare) => {
  const it = repository();
  prepare(it);
  attributes(it.cwd, "*.txt filter=x");
  await it.look();
  expect(existsSync(it.mark)).toBe(false);
  // The trap is one: git as it comes walks into it.
  it.touch();
  it.git("add", "file.txt");
  expect(existsSync(it.mark)).toBe(true);
});

test("a filter with any name", async () => {
  const it = repository();
  for (const name of ["a=b", "a.b", "A b", "é"]) {
    it.git("config", `filter.${name}.clean`, it.runsIt);
    attributes(it.cwd, `*.txt filter=${name}`);
    await it.look();
  }
  expect(existsSync(it.mark)).toBe(false);
});

test("neither hooks, file system monitors, diff programs, conversions, nor what a partial clone would fetch with", async () => {
  const it = repository();
  const program = join(it.folder, "program");
  writeFileSync(program, `#!/bin/sh\ntouch ${it.mark}\n`, { mode: 0o755 });
  mkdirSync(join(it.cwd, ".git/hooks"), { recursive: true });
  writeFileSync(join(it.cwd, ".git/hooks/post-index-change"), readFileSync(program), { mode: 0o755 });
  for (const [name, value] of [
    ["core.fsmonitor", program],
    ["diff.external", program],
    ["diff.x.command", program],
    ["diff.x.textconv", program],
    ["extensions.partialClone", "origin"],
    ["remote.origin.promisor", "true"],
    ["core.repositoryFormatVersion", "1"],
    ["remote.origin.url", `ext::touch ${it.mark}`],
    ["protocol.ext.allow", "always"],
  ] as const)
    it.git("config", name, value);
  attributes(it.cwd, "*.txt diff=x");
  await it.look();
  // The blob of the committed file is gone: a partial clone asks its remote for it.
  const blob = it.git("rev-parse", "HEAD:file.txt").trim();
  rmSync(join(it.cwd, ".git/objects", blob.slice(0, 2), blob.slice(2)));
  const reader = createGitReader(await confineTo([it.cwd]), run);
  expect(await reader.diffFile("file.txt", false)).toMatchObject({ success: false });
  expect(existsSync(it.mark)).toBe(false);
});

test("a submodule is not entered: its own filters stay asleep", async () => {
  const it = repository();
  const inner = repository();
  it.git("submodule", "--quiet", "add", inner.cwd, "inner");
  it.git("commit", "-qm", "two");
  const modules = join(it.cwd, ".git/modules/inner");
  appendFileSync(join(modules, "config"), `[filter "x"]\n\tclean = "${it.runsIt}"\n`);
  mkdirSync(join(modules, "info"), { recursive: true });
  writeFileSync(join(modules, "info/attributes"), "*.txt filter=x\n");
  writeFileSync(join(it.cwd, "inner/file.txt"), "two\n");
  await it.look();
  expect(existsSync(it.mark)).toBe(false);
});

test("the person's own filters run, and what runs has no credential of ours in its environment", async () => {
  const it = repository();
  const home = join(it.folder, "home");
  mkdirSync(home);
  writeFileSync(join(home, ".gitconfig"), `[filter "own"]\n\tclean = "sh -c 'env > ${it.mark}; cat'"\n`);
  attributes(it.cwd, "*.txt filter=own");
  it.touch();
  const git = createGit(it.cwd, run, {
    PATH: process.env["PATH"],
    HOME: home,
    CLI_API_TOKEN: "secret",
    HAPI_HOME: "/secret",
    GIT_DIR: "/secret",
  });
  expect(await git(["status", "--porcelain"], { timeoutMs: 10_000, maxBytes: 65_536 })).toMatchObject({ exitCode: 0 });
  expect(readFileSync(it.mark, "utf8")).toContain("PATH=");
  expect(readFileSync(it.mark, "utf8")).not.toContain("secret");
});

test.each([
  ["knows no scopes", { stdout: "", stderr: "error: unknown option `show-scope'", exitCode: 129 }],
  ["reads no settings from the environment", { stdout: "local\0core.bare\0", stderr: "", exitCode: 0 }],
])("a git that %s is asked nothing else", async (_, said) => {
  const asked: string[] = [];
  const git = createGit("/", async (argv) => {
    asked.push(argv[1] ?? "");
    return { ...said, truncated: false };
  });
  const answer = await git(["status"], { timeoutMs: 1_000, maxBytes: 1_000 });
  expect([answer.exitCode > 0, answer.stderr, asked]).toEqual([true, expect.stringContaining("git 2.31"), ["config"]]);
});
