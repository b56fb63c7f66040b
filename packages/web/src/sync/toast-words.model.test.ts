import { afterEach, expect, test } from "bun:test";
import { setLocale, t } from "../i18n/index.ts";
import { toastWords } from "./toast-words.model.ts";

const toast = (about?: Record<string, unknown> & { kind: string }) => ({
  title: "Shop",
  body: "English body",
  sessionId: "s1",
  url: "/",
  ...(about === undefined ? {} : { about }),
});

afterEach(() => setLocale("en"));

test("a toast is read in the reader's language, without a tool's own name", async () => {
  expect(toastWords(toast({ kind: "request", tool: "ExitPlanMode", count: 1 }), t)).toBe("Approve the plan");
  expect(toastWords(toast({ kind: "request", tool: "AskUserQuestion", count: 1, said: "AskUserQuestion" }), t)).toBe("Answer a question");
  expect(toastWords(toast({ kind: "request", tool: "Bash", count: 1, said: "Run ls" }), t)).toBe("Run ls waits for you");
  expect(toastWords(toast({ kind: "failed", said: "Overloaded" }), t)).toBe("Failed: Overloaded");
  await setLocale("zh");
  expect(toastWords(toast({ kind: "request", tool: "Bash", count: 3 }), t)).toBe("3 个请求等待你处理");
  expect(toastWords(toast({ kind: "done" }), t)).toBe("已完成");
});

test("an older hub, or news of a kind that came later, is read as it is said", () => {
  expect(toastWords(toast(), t)).toBe("English body");
  expect(toastWords(toast({ kind: "something" }), t)).toBe("English body");
});
