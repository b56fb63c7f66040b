import { expect, test } from "bun:test";
import { addToast, expireToasts, MAX_TOASTS, nextExpiry, type Toast } from "./toast.model.ts";

test("toasts are few, do not repeat, and go when their time is over", () => {
  const toast = (id: string, expiresAt: number | null): Toast => ({ id, tone: "done", text: id, expiresAt });
  let list: readonly Toast[] = [];
  for (const id of ["a", "b", "c", "d", "d"]) list = addToast(list, toast(id, 100));
  expect(list.map((each) => each.id)).toEqual(["b", "c", "d"]);
  expect(list.length).toBe(MAX_TOASTS);
  list = addToast(list, toast("failure", null));
  expect(nextExpiry(list)).toBe(100);
  expect(expireToasts(list, 100).map((each) => each.id)).toEqual(["failure"]);
  expect(expireToasts(list, 99)).toBe(list);
});
