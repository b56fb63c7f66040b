import { afterEach, expect, test } from "bun:test";
import { setLocale, t } from "../../../i18n/index.ts";
import { activityWords } from "./verbs.ts";

afterEach(() => setLocale("en"));

test("what goes on is said in the reader's language, without a tool's own name", async () => {
  const plan = { what: "tool" as const, kind: "plan" as const, tool: "ExitPlanMode", object: "ExitPlanMode", input: {} };
  expect(activityWords(plan, t)).toBe("Making a plan");
  expect(activityWords({ ...plan, kind: "execute", tool: "Bash", object: "npm test" }, t)).toBe("Running npm test");
  await setLocale("zh");
  expect(activityWords({ ...plan, kind: "execute", tool: "Bash", object: "npm test" }, t)).toBe("正在运行 npm test");
  expect(activityWords({ what: "writing" }, t)).toBe("正在书写");
});
