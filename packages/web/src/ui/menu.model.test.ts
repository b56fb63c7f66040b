import { expect, test } from "bun:test";
import { placeMenu } from "./menu.model.ts";

test("a menu stays inside the window, above its button where there is no room below", () => {
  const menu = { width: 220, height: 300 };
  expect(placeMenu({ left: 1400, right: 1430, top: 20, bottom: 50 }, menu, { width: 1440, height: 900 })).toEqual({
    left: "1212px",
    right: "auto",
    top: "54px",
    bottom: "auto",
  });
  expect(placeMenu({ left: 10, right: 40, top: 850, bottom: 880 }, menu, { width: 1440, height: 900 })).toMatchObject({
    top: "auto",
    bottom: "54px",
  });
  expect(placeMenu({ left: 10, right: 40, top: 850, bottom: 880 }, menu, { width: 390, height: 844 }).left).toBe("");
});
