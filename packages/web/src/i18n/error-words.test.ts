import { afterEach, expect, test } from "bun:test";
import { AppError, errorCodes, errorFacts } from "@hapi/protocol";
import { codeText, errorText } from "./error-words.ts";
import { setLocale, t } from "./index.ts";
import { zh } from "./zh/index.ts";

afterEach(() => setLocale("en"));

test("every error of the table has its sentence in both languages", async () => {
  for (const code of errorCodes) {
    expect(errorText(new AppError(code), t)).toBe(errorFacts(code).text);
    expect(zh[`error.${code}`]).toMatch(/\p{Script=Han}/u);
  }
  await setLocale("zh");
  for (const code of errorCodes) expect(errorText(new AppError(code), t)).toBe(zh[`error.${code}`]);
});

test("what the hub knows beyond the code stands behind it; what is translated already is not said twice", async () => {
  const full = new AppError("spawn_failed", "/srv/x is not a directory");
  expect(errorText(full, t)).toBe("/srv/x is not a directory");
  await setLocale("zh");
  expect(errorText(full, t)).toBe("会话无法启动（/srv/x is not a directory）");
  expect(errorText(new AppError("database_full", "此设备没有空间"), t)).toBe("此设备没有空间");
  expect(errorText(new Error("boom"), t)).toBe("HAPI 内部出错");
});

test("a code of the agent's own is never shown for a sentence", () => {
  expect(codeText("some_new_code", "It broke", t)).toBe("It broke");
  expect(codeText("some_new_code", undefined, t)).toBe("");
  expect(codeText("agent_exited", "", t)).toBe("The agent ended unexpectedly");
});
