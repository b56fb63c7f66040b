/** Which values may be written down. */
import { expect, test } from "bun:test";
import { claudeVariables } from "./claude/variables.ts";
import { isSecretValue } from "./environment.ts";

const of = (name: string) => claudeVariables.find((one) => one.name === name)!;

test.each([
  ["ANTHROPIC_API_KEY", "anything", true],
  ["ANTHROPIC_CUSTOM_HEADERS", "X-Team: a", true],
  ["HTTPS_PROXY", "http://proxy.corp:3128", false],
  ["HTTPS_PROXY", "http://me:secret@proxy.corp:3128", true],
  ["HTTPS_PROXY", "http://me@proxy.corp:3128", true],
  ["https_proxy", "me:secret@proxy.corp:3128", true],
  ["ANTHROPIC_BASE_URL", "https://gateway.corp/v1", false],
  ["ANTHROPIC_BASE_URL", "https://gateway.corp/v1?api_key=abc", true],
  ["ANTHROPIC_BASE_URL", "https://gateway.corp/@team/v1", false],
  ["CLAUDE_CONFIG_DIR", "/home/me/.claude-work", false],
  ["AWS_PROFILE", "work", false],
  ["GOOGLE_APPLICATION_CREDENTIALS", "/home/me/key.json", false],
  ["NO_PROXY", "localhost,10.0.0.0/8", false],
] as const)("%s=%s", (name, value, secret) => {
  expect(isSecretValue(of(name), value)).toBe(secret);
});

test("no variable is listed twice", () => {
  const names = claudeVariables.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
