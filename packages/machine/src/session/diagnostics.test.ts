import { expect, test } from "bun:test";
import { withoutSecrets } from "./diagnostics.ts";

test("flags are shown, what could be a secret is not", () => {
  const args = ["--model", "large", "--api-key", "abc", "--settings={}", "--verbose", "--dir", "/home/me", "sk-test-1", "hello there"];
  expect(withoutSecrets(args)).toEqual([
    ...["--model", "large", "--api-key", "***", "--settings=***", "--verbose", "--dir", "/home/me", "***", "hello there"],
  ]);
  expect(withoutSecrets(["https://me:pw@example.org/x", "0123456789abcdef0123456789abcdef"])).toEqual(["***", "***"]);
});

test("every value of a flag that takes several is hidden, and whatever stands behind --", () => {
  const args = [
    "--mcp-config",
    '{"a":{"env":{"K":"one"}}}',
    '{"b":{"env":{"K":"two"}}}',
    "third.json",
    "--model",
    "large",
    "--",
    "a word",
    "--dir=/x",
  ];
  expect(withoutSecrets(args)).toEqual(["--mcp-config", "***", "***", "***", "--model", "large", "--", "***", "***"]);
  expect(withoutSecrets(["--settings={}", "{more}", "--verbose", "x"])).toEqual(["--settings=***", "***", "--verbose", "x"]);
});
