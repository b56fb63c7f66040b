/** `hapi agents`: what is found, in which version, what was tested, and what is wrong in the settings. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "@hapi/platform";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "hapi-agents-"));
const bin = join(root, "bin");

const program = (name: string, says: string) => writeFileSync(join(bin, name), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
const hapi = (...words: string[]) =>
  runCommand([process.execPath, MAIN, ...words], { env: { PATH: `${bin}:/usr/bin:/bin`, HOME: root }, cwd: root, timeoutMs: 60_000 });

beforeAll(() => {
  for (const folder of [bin, join(root, ".hapi")]) mkdirSync(folder);
  program("gemini", "echo 0.61.0");
  program("qwen", "echo qwen 9.9.9");
  program("codex", "echo codex-cli 0.171.0");
  program("goose", "exit 3");
  writeFileSync(join(root, ".hapi/settings.json"), JSON.stringify({ agents: { mine: { command: "mine", args: ["--acp"] } } }));
});
afterAll(() => rmSync(root, { recursive: true }));

test("found on the PATH with its version, and whether that was tested", async () => {
  const { code, stdout } = await hapi("agents", "--json");
  expect(code).toBe(0);
  const { agents } = JSON.parse(stdout) as { agents: { agent: string }[] };
  const of = (name: string) => agents.find(({ agent }) => agent === name);
  expect(of("gemini")).toMatchObject({
    available: true,
    version: "0.61.0",
    program: join(bin, "gemini"),
    verified: { versions: ["0.61.0"], how: "real", isThis: true },
    hint: null,
  });
  expect(of("qwen")).toMatchObject({ available: true, version: "9.9.9", verified: { isThis: false } });
  expect(of("codex")).toMatchObject({ version: "0.171.0", verified: { how: "real", isThis: true } });
  expect(of("demo")).toMatchObject({ available: true, verified: { how: "own" } });
  expect(of("copilot")).toMatchObject({ available: false, version: null, hint: expect.stringContaining("npm install -g @github/copilot") });
  expect(of("goose")).toMatchObject({ available: true, version: null, verified: { how: "not", versions: [] } });
  expect(of("kimi")).toBeUndefined();
  expect(of("mine")).toMatchObject({ available: false, hint: expect.stringContaining("settings.json") });
});

test("in words: the next step stands at the end of what is missing", async () => {
  const { stdout } = await hapi("agents");
  const lineOf = (name: string) => stdout.split("\n").find((line) => new RegExp(`\\b${name}\\b`).test(line)) ?? "";
  expect(lineOf("gemini")).toMatch(/0\.61\.0 +tested$/);
  expect(lineOf("qwen")).toContain("9.9.9");
  expect(lineOf("qwen")).toContain("tested with 0.24.4");
  expect(lineOf("demo")).toMatch(/built in$/);
  expect(lineOf("goose")).toMatch(/not tested by HAPI$/);
  expect(lineOf("copilot")).toMatch(/not found +.*npm install -g @github\/copilot`\.$/);
});

test("what is wrong in the settings is said, and is the exit code", async () => {
  writeFileSync(join(root, ".hapi/settings.json"), JSON.stringify({ agents: { mine: {} } }));
  const { code, stderr } = await hapi("agents");
  expect(code).toBe(1);
  expect(stderr).toContain('the agent "mine" needs a "command"');
});
