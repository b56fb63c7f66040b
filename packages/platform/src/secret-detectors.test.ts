import { expect, test } from "bun:test";
import { HIDDEN, withoutSecretArgs, withoutSecretsDeep, withoutSecretsIn } from "./secret-detectors.ts";

const body = "Zx9".repeat(12);

test.each([
  ["a key of a model provider", `set sk-xyz-${body} now`],
  ["a payment key", `rk_live_${body}`],
  ["GitHub", `ghp_${body} github_pat_${body}`],
  ["GitLab and npm", `glpat-${body}, npm_${body}`],
  ["Slack", `xoxb-${body}`],
  ["AWS", "id AKIAABCDEFGHIJKLMNOP end"],
  ["Google", `AIza${body}`],
  ["a PEM key", `-----BEGIN RSA PRIVATE KEY-----\n${body}\n${body}\n-----END RSA PRIVATE KEY-----`],
  ["a PEM key that was cut", `-----BEGIN PRIVATE KEY-----\n${body}`],
  ["an age identity", `AGE-SECRET-KEY-1${body.toUpperCase()}`],
  ["a JWT", `eyJhbGciOi.${body}.${body}`],
  ["a header", `Authorization: Bearer ${body}`],
  ["a header of its own", `"x-api-key": "${body}"`],
  ["an address", `https://me:${body}@example.org/x`],
  ["a variable", `export DATABASE_PASSWORD="${body}" && MY_API_KEY='${body}' run`],
  ["a parameter", `/events?access_token=${body}&all=1`],
])("%s is hidden", (_what, text) => {
  const shown = withoutSecretsIn(text);
  expect(shown).toContain(HIDDEN);
  expect(shown).not.toContain("Zx9Zx9");
  expect(shown.toLowerCase()).not.toContain("zx9zx9");
  expect(shown).not.toContain("AKIAABCD");
});

test("ordinary words stay as they are", () => {
  for (const text of [
    "git commit -m 'token parser'",
    "task-list skip-worktree",
    "https://example.org/a@b",
    "tokens: 5",
    "ask-me-anything-please-now",
  ])
    expect(withoutSecretsIn(text)).toBe(text);
});

test("a text that is made to be slow is not", () => {
  const evil = [`${"-----BEGIN ".repeat(20_000)}`, `${"://".repeat(100_000)}`, `${"a".repeat(300_000)}token`, `${"eyJ".repeat(100_000)}`];
  const before = performance.now();
  for (const text of evil) withoutSecretsIn(text);
  expect(performance.now() - before).toBeLessThan(3_000);
});

test("a value is whole but for its secrets, whatever its keys are called", () => {
  const value = JSON.parse(`{"a":[{"apiKey":"x","n":1,"text":"ghp_${body}"}],"__proto__":{"password":"y","inputTokens":5}}`) as object;
  expect(JSON.stringify(withoutSecretsDeep(value))).toBe(
    `{"a":[{"apiKey":"${HIDDEN}","n":1,"text":"${HIDDEN}"}],"__proto__":{"password":"${HIDDEN}","inputTokens":5}}`,
  );
});

test("a flag's own name is kept, also where it is long", () => {
  expect(withoutSecretArgs(["--dangerously-skip-permissions", "--include-partial-messages"])).toEqual([
    ...["--dangerously-skip-permissions", "--include-partial-messages"],
  ]);
});
