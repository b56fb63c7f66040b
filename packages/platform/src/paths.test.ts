import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePrivateDir, hapiHome, sessionDir, socketPath } from "./paths.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-paths-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("the home is HAPI_HOME or ~/.hapi, made absolute", () => {
  expect(hapiHome({ HOME: "/h" })).toBe("/h/.hapi");
  expect(hapiHome({ HOME: "/h", HAPI_HOME: "~/x" })).toBe("/h/x");
  expect(hapiHome({ HOME: "/h", HAPI_HOME: "/abs" })).toBe("/abs");
  expect(hapiHome({ HOME: "/h", HAPI_HOME: " " })).toBe("/h/.hapi");
  expect(hapiHome({ HAPI_HOME: "rel" })).toBe(join(process.cwd(), "rel"));
  expect(hapiHome({})).toBe(join(homedir(), ".hapi"));
});

test("private folders are made and made private again", () => {
  const dir = ensurePrivateDir(join(root, "a", "b"));
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  chmodSync(dir, 0o755);
  expect(statSync(ensurePrivateDir(dir)).mode & 0o777).toBe(0o700);
});

test("a home that can't be one is said with its path", () => {
  const file = join(root, "file");
  writeFileSync(file, "");
  expect(() => ensurePrivateDir(join(file, "x"))).toThrow(
    expect.objectContaining({ code: "home_not_writable", details: { path: join(file, "x") } }),
  );
});

test("session folders can't lead elsewhere", () => {
  expect(sessionDir("/h", "6f1c-x_2.a")).toBe("/h/sessions/6f1c-x_2.a");
  for (const id of ["", ".", "..", "a/b", "../x", "a\0", "x".repeat(129)]) expect(() => sessionDir("/h", id)).toThrow();
});

test("socket paths are short, private and always the same for the same name", () => {
  const plain = socketPath(root, "control");
  expect(plain).toBe(join(root, "run", "control.sock"));
  const deep = join(root, "d".repeat(60), "e".repeat(60));
  mkdirSync(deep, { recursive: true });
  const paths = ["control", "host-0123456789abcdef", "n".repeat(120)].map((name) => socketPath(deep, name));
  expect(new Set(paths).size).toBe(3);
  for (const path of paths) {
    expect(Buffer.byteLength(path)).toBeLessThan(100);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  }
  expect(socketPath(deep, "control")).toBe(paths[0] as string);
  expect(socketPath(`${deep}2`, "control")).not.toBe(paths[0] as string);
  for (const path of [paths[0] as string, socketPath(`${deep}2`, "control")]) rmSync(join(path, ".."), { recursive: true });
});
