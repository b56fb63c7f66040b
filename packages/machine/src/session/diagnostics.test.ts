import { expect, test } from "bun:test";
import { withoutSecrets } from "./diagnostics.ts";

test("flags are shown, what could be a secret is not", () => {
  const args = ["--model", "large", "--api-key", "abc", "--settings={}", "--verbose", "--dir", "/home/me", "sk-test-1", "hello there"];
  expect(withoutSecrets(args)).toEqual([
    ...["--model", "large", "--api-key", "***", "--settings=***", "--verbose", "--dir", "/home/me", "***", "hello there"],
  ]);
  expect(withoutSecrets(["https://me:pw@example.org/x", "0123456789abcdef0123456789abcdef"])).toEqual(["***", "***"]);
});
