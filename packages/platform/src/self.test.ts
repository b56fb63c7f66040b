import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./spawn.ts";
import { afterEach, expect, test } from "bun:test";
import { selfCommand } from "./self.ts";

const before = process.env["HAPI_CLI_COMMAND"];
afterEach(() => {
  delete process.env["HAPI_BUN_CACHE"];
  if (before === undefined) delete process.env["HAPI_CLI_COMMAND"];
  else process.env["HAPI_CLI_COMMAND"] = before;
});

test("the command to start HAPI again can be given as a path or as words", () => {
  process.env["HAPI_CLI_COMMAND"] = "/opt/my hapi";
  expect(selfCommand("hub", "--port", "0")).toEqual(["/opt/my hapi", "hub", "--port", "0"]);
  process.env["HAPI_CLI_COMMAND"] = '["bun","x.ts"]';
  expect(selfCommand("run")).toEqual(["bun", "x.ts", "run"]);
  process.env["HAPI_CLI_COMMAND"] = "[1]";
  expect(() => selfCommand()).toThrow("HAPI_CLI_COMMAND");
});

test("otherwise it is this runtime with our own program", () => {
  delete process.env["HAPI_CLI_COMMAND"];
  expect(selfCommand("hub")[0]).toBe(process.execPath);
  expect(selfCommand("hub").at(-1)).toBe("hub");
});

test("our folder for translated sources is told to our own processes", () => {
  delete process.env["HAPI_CLI_COMMAND"];
  process.env["HAPI_BUN_CACHE"] = "/cache/hapi";
  expect(selfCommand("hub").slice(0, 3)).toEqual(["/usr/bin/env", "BUN_RUNTIME_TRANSPILER_CACHE_PATH=/cache/hapi", process.execPath]);
});

test("from a checkout nothing is written into the person's ~/.bun", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-litter-"));
  const hapi = join(import.meta.dir, "../../../bin/hapi");
  const { code } = await runCommand([hapi, "runner", "list"], { env: { PATH: process.env["PATH"], HOME: home }, timeoutMs: 20_000 });
  expect([code, existsSync(join(home, ".bun")), existsSync(join(home, ".cache/hapi/bun"))]).toEqual([0, false, true]);
  rmSync(home, { recursive: true, force: true });
});
