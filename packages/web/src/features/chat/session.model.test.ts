import { expect, test } from "bun:test";
import { fakeSession } from "./gallery/script.ts";
import { canSwitch, controlOf, costWords, modesOf, titleOf, tokenWords } from "./session.model.ts";

test("control follows capabilities, and who holds it", () => {
  expect(controlOf(fakeSession())).toBe("here");
  expect(controlOf(fakeSession({}, { controlledByUser: true }))).toBe("terminal");
  const shared = fakeSession();
  const metadata = { ...shared.metadata!, capabilities: { control: "shared" } };
  expect(controlOf({ ...shared, metadata })).toBe("both");
  expect(canSwitch({ ...shared, metadata })).toBe(false);
  expect(canSwitch(fakeSession())).toBe(true);
  expect(canSwitch(fakeSession({ active: false }))).toBe(false);
});

test("modes come from capabilities, else from the flavor's table", () => {
  expect(modesOf(fakeSession())).toEqual(["default", "read-only", "safe-yolo", "yolo"]);
  const own = fakeSession();
  expect(modesOf({ ...own, metadata: { ...own.metadata!, capabilities: { permissionModes: ["a"] } } })).toEqual(["a"]);
  expect(titleOf(fakeSession({ metadata: null }))).toBeNull();
});

test("numbers are read as magnitudes", () => {
  expect(tokenWords(12_340, "en")).toBe("12.3K");
  expect(costWords(0.0432, "en")).toBe("$0.043");
  expect(costWords(12, "en")).toBe("$12.00");
});
