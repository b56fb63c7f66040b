import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import type { RunCommand } from "./command.ts";
import { confineTo, type Confinement } from "./confine.ts";
import { globMatches, nameMatcher } from "./find.ts";
import { listDirectory, readBytes } from "./read.ts";
import { fileRpcs } from "./rpc.ts";

let folder: string;
let rpcs: ReturnType<typeof fileRpcs>;

const run: RunCommand = (argv, options) =>
  new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), { cwd: options.cwd, env: options.env });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ stdout, stderr, exitCode: code ?? 1, truncated: false }));
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "machine-files-"));
  const cwd = join(folder, "work");
  mkdirSync(join(cwd, "src"), { recursive: true });
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(cwd, "src", "main.ts"), "one\n");
  writeFileSync(join(cwd, "ignored.log"), "x");
  writeFileSync(join(cwd, ".gitignore"), "*.log\n");
  symlinkSync(join(folder, "secret.txt"), join(cwd, "link.txt"));
  const git = (...args: string[]): void => void execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd });
  git("init", "-q");
  git("add", ".gitignore", "src");
  git("commit", "-qm", "one");
  writeFileSync(join(cwd, "src", "main.ts"), "two\n");
  rpcs = fileRpcs(await confineTo([cwd]), run);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const call = async (name: string, params: unknown): Promise<Record<string, unknown>> =>
  (await rpcs[name]!(params)) as Record<string, unknown>;

test("reads, lists and stats inside the folder", async () => {
  expect(await call("readFile", { path: "src/main.ts" })).toMatchObject({
    success: true,
    content: Buffer.from("two\n").toString("base64"),
    size: 4,
  });
  const listed = await call("listDirectory", { path: "" });
  expect((listed.entries as { name: string }[]).map((entry) => entry.name)).toEqual([
    ".git",
    "src",
    ".gitignore",
    "ignored.log",
    "link.txt",
  ]);
  const stats = await call("statFiles", { paths: ["src/main.ts", "nope", "../secret.txt"] });
  expect((stats.files as { exists: boolean }[]).map((file) => file.exists)).toEqual([true, false, false]);
});

test("nothing leads out of the folder: dots, absolute paths, links, NUL, sockets", async () => {
  for (const path of ["../secret.txt", join(folder, "secret.txt"), "link.txt", "src/../../secret.txt", "a\0b"]) {
    expect(await call("readFile", { path })).toMatchObject({ success: false, code: "access_denied" });
  }
  const socket = createServer().listen(join(folder, "work", "door"));
  await once(socket, "listening");
  expect(await call("readFile", { path: "door" })).toMatchObject({ success: false, code: "not_found" });
  expect(await call("readFile", { path: "src" })).toMatchObject({ success: false, code: "not_found" });
  socket.close();
  expect(await call("readFile", { path: "missing.txt" })).toMatchObject({ success: false, code: "not_found" });
  expect(await call("readFile", {})).toMatchObject({ success: false, code: "invalid_body" });
});

test("git: status, numstat, the diff of one file, also one that is gone", async () => {
  expect(String((await call("git-status", {})).stdout)).toContain("src/main.ts");
  expect(String((await call("git-diff-numstat", {})).stdout)).toBe("1\t1\tsrc/main.ts\n");
  expect(String((await call("git-diff-file", { filePath: "src/main.ts" })).stdout)).toContain("+two");
  expect(await call("git-diff-file", { filePath: "gone.ts" })).toMatchObject({ success: true, stdout: "" });
  expect(await call("git-diff-file", { filePath: "../secret.txt" })).toMatchObject({ success: false, code: "access_denied" });
});

test("find by name leaves ignored files out and takes wildcards", async () => {
  expect((await call("ripgrep", { args: ["--files", "--iglob", "*main*"] })).stdout).toBe("src/main.ts\n");
  expect((await call("ripgrep", { fileSearch: { query: "*.ts", limit: 5 } })).stdout).toBe("src/main.ts\n");
  expect(String((await call("ripgrep", { args: ["--files"] })).stdout)).not.toContain("ignored.log");
  expect(await call("ripgrep", { args: ["--pre", "sh", "x"] })).toMatchObject({ success: false, code: "not_supported" });
});

test("globs agree with a regular expression, and can't be made to explode", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (glob, name) => {
      const expression = new RegExp(`^${glob.replace(/\*/g, ".*").replace(/\?/g, ".")}$`);
      expect(globMatches(glob, name)).toBe(expression.test(name));
    }),
  );
  expect(nameMatcher("*a".repeat(100))("a".repeat(2000))).toBe(true);
  expect(nameMatcher(`${"*a".repeat(100)}b`)("a".repeat(2000))).toBe(false);
});

test("a folder that is swapped for a link while it is read leads nowhere else", async () => {
  const root = join(folder, "swapped");
  const inside = join(root, "dir");
  const outside = join(folder, "outside");
  for (const place of [inside, outside]) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "file"), place);
  }
  const confinement = await confineTo([root]);
  // The check sees the folder, what opens it next sees the link.
  const racing = (): Confinement => {
    let isSwapped = false;
    return {
      root: confinement.root,
      async resolve(path) {
        const found = await confinement.resolve(path);
        if (!isSwapped) {
          renameSync(inside, join(root, "aside"));
          symlinkSync(outside, inside);
        }
        isSwapped = true;
        return found;
      },
    };
  };
  await expect(readBytes(racing(), "dir/file", 100)).rejects.toMatchObject({ code: "access_denied" });
  rmSync(inside);
  renameSync(join(root, "aside"), inside);
  // A link in the place of the last part is not followed at all.
  await expect(listDirectory(racing(), "dir")).rejects.toMatchObject({ code: "not_found" });
});
