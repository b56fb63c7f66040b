import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaveHubAccess, showsHubAccess, withHubAccess, withoutHubAccess } from "./hub-access.ts";

const home = mkdtempSync(join(tmpdir(), "hapi-access-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const file = join(home, "hub-access.json");

test("what only the environment says goes through a private file, and back", () => {
  const env = { PATH: "/bin", CLI_API_TOKEN: "t:ns", HAPI_EXTRA_HEADERS_JSON: '{"x":"y"}' };
  expect(leaveHubAccess(file, home, env)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const left = withoutHubAccess(env);
  expect([left, showsHubAccess(left), showsHubAccess(env)]).toEqual([{ PATH: "/bin" }, false, true]);
  expect(withHubAccess(left, file)).toEqual(env);
});

test("nothing to say, or only what the settings say: no file, and an older one goes", () => {
  writeFileSync(join(home, "settings.json"), JSON.stringify({ cliApiToken: "known" }));
  expect(leaveHubAccess(file, home, { CLI_API_TOKEN: "known" })).toBe(false);
  expect(existsSync(file)).toBe(false);
  expect(withHubAccess({ A: "b" }, file)).toEqual({ A: "b" });
  expect(leaveHubAccess(file, home, { CLI_API_TOKEN: "another" })).toBe(true);
  expect(leaveHubAccess(file, home, { CLI_API_TOKEN: " " })).toBe(false);
  expect(existsSync(file)).toBe(false);
});

test.each(["", '{"CLI_API', "null"])("a file that a loss of power damaged says nothing, and stops nothing: %j", (text) => {
  writeFileSync(file, text);
  expect(withHubAccess({ A: "b" }, file)).toEqual({ A: "b" });
});
