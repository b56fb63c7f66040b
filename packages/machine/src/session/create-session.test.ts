import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildAgentEnv } from "./agent-env.ts";
import { createSession, listSessionFiles, sessionTag } from "./create-session.ts";
import { openSessionFile, readSessionFile, SESSION_FILE } from "./session-file.ts";
import { createUploads, MAX_UPLOAD_BYTES, safeName } from "./uploads.ts";

const root = mkdtempSync(join(tmpdir(), "machine-create-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const home = join(root, "home");
const cwd = join(root, "work");
mkdirSync(cwd);
const common = {
  home,
  flavor: "claude",
  cwd,
  machineId: "m",
  hubUrl: "http://h",
  startedBy: "terminal" as const,
  startingMode: "local" as const,
};

test("the same machine, folder and agent have one tag, whatever way leads to the folder", () => {
  const link = join(root, "link");
  symlinkSync(cwd, link);
  const a = createSession(common);
  const b = createSession({ ...common, cwd: link });
  expect(readSessionFile(b.dir)!.tag).toBe(readSessionFile(a.dir)!.tag);
  expect(readSessionFile(b.dir)!.cwd).toBe(cwd);
  expect(sessionTag("m", cwd, "claude")).toBe(readSessionFile(a.dir)!.tag);
  expect(
    new Set([
      sessionTag("m", cwd, "claude"),
      sessionTag("m", cwd, "codex"),
      sessionTag("n", cwd, "claude"),
      sessionTag("m", "/x", "claude"),
    ]).size,
  ).toBe(4);
  expect(statSync(a.dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(a.dir, SESSION_FILE)).mode & 0o777).toBe(0o600);
});

test("preparing it again keeps thread and tag and takes the new launch", () => {
  const { sessionId, dir } = createSession({ ...common, permissionMode: "yolo", args: ["--model", "opus"] });
  openSessionFile(dir).update({ threadId: "t-1" });
  createSession({ ...common, sessionId, startingMode: "remote", startedBy: "runner", threadId: "t-2", launchId: "l" });
  expect(readSessionFile(dir)).toMatchObject({
    sessionId,
    threadId: "t-1",
    startingMode: "remote",
    startedBy: "runner",
    launchId: "l",
    permissionMode: "bypassPermissions",
    args: ["--model", "opus"],
  });
  expect(() => createSession({ ...common, sessionId, flavor: "codex" })).toThrow("another agent");
  expect(() => createSession({ ...common, permissionMode: "wild" })).toThrow("wild");
  expect(() => createSession({ ...common, cwd: join(root, "nowhere") })).toThrow("does not exist");
});

test("what others keep in the session file stays; a damaged one is an error and is left out of the list", () => {
  const { sessionId, dir } = createSession(common);
  const path = join(dir, SESSION_FILE);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), host: { pid: 1 } }));
  const sessionFile = openSessionFile(dir);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), host: { pid: 2 } }));
  sessionFile.update({ model: "opus", fork: undefined });
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ model: "opus", host: { pid: 2 } });
  expect(listSessionFiles(home).some((one) => one.sessionId === sessionId)).toBe(true);
  writeFileSync(path, "{");
  expect(() => readSessionFile(dir)).toThrow("damaged");
  expect(listSessionFiles(home).some((one) => one.sessionId === sessionId)).toBe(false);
});

test("an agent sees nothing of ours but its session's id", () => {
  const env = buildAgentEnv(
    {
      PATH: "/bin",
      CLAUDECODE: "1",
      CLI_API_TOKEN: "secret",
      HAPI_HOME: "/h",
      HAPI_HOST_SOCKET: "/s",
      HAPI_SESSION_ID: "old",
      EMPTY: undefined,
      ANTHROPIC_API_KEY: "k",
    },
    "s-1",
  );
  expect(env).toEqual({ PATH: "/bin", ANTHROPIC_API_KEY: "k", HAPI_SESSION_ID: "s-1" });
});

test("uploads: safe names, a budget, deletion only inside", async () => {
  expect(safeName("../../etc/passwd")).toBe("passwd");
  expect(safeName("..\\..\\a b?.PNG")).toBe("a-b-.PNG");
  expect(safeName(".bashrc")).toBe("bashrc");
  expect(safeName("\u202e/\u0000")).not.toMatch(/[\u0000-\u001f/]/);
  expect(safeName("")).toBe("file");
  const { dir } = createSession(common);
  const uploads = createUploads(dir);
  const path = await uploads.save("note.txt", Buffer.from("hello").toString("base64"));
  expect(readFileSync(path, "utf8")).toBe("hello");
  expect(path.startsWith(join(dir, "uploads"))).toBe(true);
  await expect(uploads.save("big", "A".repeat(Math.ceil(MAX_UPLOAD_BYTES / 3) * 4 + 8))).rejects.toThrow("too large");
  await expect(uploads.remove(join(dir, SESSION_FILE))).rejects.toThrow("Only files");
  await expect(uploads.remove(join(dir, "uploads", "..", SESSION_FILE))).rejects.toThrow("Only files");
  symlinkSync(join(dir, SESSION_FILE), join(dir, "uploads", "link"));
  await expect(uploads.remove(join(dir, "uploads", "link"))).rejects.toThrow("Only files");
  await uploads.remove(path);
  await expect(uploads.remove(path)).rejects.toThrow("no such file");
});

test("the bridges beside the agents stay light: nothing but node's own modules", () => {
  const own = ["hook-bridge.ts", "hook-protocol.ts", "door-call.ts", "tools/mcp-bridge.ts", "tools/tool-list.ts"];
  for (const file of own) {
    const imports = [...readFileSync(join(import.meta.dir, file), "utf8").matchAll(/from "([^"]+)"/g)].map((match) => match[1]!);
    const others = imports.filter((name) => !name.startsWith("node:"));
    expect(others.filter((name) => !own.includes(join(dirname(file), name)))).toEqual([]);
  }
});
