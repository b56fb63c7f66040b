import { afterEach, expect, test } from "bun:test";
import { selfCommand } from "./self.ts";

const before = process.env["HAPI_CLI_COMMAND"];
afterEach(() => {
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
