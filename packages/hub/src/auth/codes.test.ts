import { expect, test } from "bun:test";
import { createCodes } from "./codes.ts";

const start = 1_000_000;

function made() {
  let now = start;
  const codes = createCodes({ clock: { now: () => now } });
  const { id, code } = codes.make({ by: "owner", namespace: "default", role: "viewer" });
  return { codes, id, code, pass: (ms: number) => (now += ms) };
}

test("while the device is being made, its code is not over yet", () => {
  const { codes, id, code } = made();
  expect(codes.use(code)).toEqual({ id, by: "owner", namespace: "default", role: "viewer" });
  expect(codes.find(id, "owner")).toEqual({ state: "open" });
  const used = { usedAt: start, credentialId: "phone" };
  codes.wasUsed(id, used);
  expect(codes.find(id, "owner")).toEqual({ state: "used", used });
  expect([codes.find(id, "another"), codes.find("other", "owner")]).toEqual([null, null]);
});

test("a code that no device came of is over with its ten minutes, and good for nobody before", () => {
  const { codes, id, code, pass } = made();
  codes.use(code);
  expect(() => codes.use(code)).toThrow(expect.objectContaining({ code: "code_refused" }));
  pass(10 * 60_000);
  expect(codes.find(id, "owner")).toBeNull();
});
