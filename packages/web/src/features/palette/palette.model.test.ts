import { expect, test } from "bun:test";
import { asksFor, NOW, testSummary } from "../../test-summary.ts";
import { paletteSessions, score } from "./palette.model.ts";

test("whole words beat scattered letters; what isn't there is no match", () => {
  expect(score("Fix the cart", "cart")).toBeGreaterThan(score("Fix the scarted", "cart"));
  expect(score("Fix the cart", "fc")).toBeGreaterThan(0);
  expect(score("Fix the cart", "zebra")).toBe(0);
});

test("sessions by title before path, waiting ones first among equals, archived never", () => {
  const list = paletteSessions(
    [
      testSummary({ id: "path", path: "/home/ada/cart", title: "Other" }),
      testSummary({ id: "title", title: "cart total" }),
      testSummary({ id: "gone", title: "cart", lifecycle: "archived", active: false }),
    ],
    "cart",
    "Untitled",
  );
  expect(list.map((entry) => entry.id)).toEqual(["title", "path"]);
  const all = paletteSessions(
    [testSummary({ id: "a", updatedAt: NOW }), testSummary({ id: "b", ...asksFor("Bash", NOW) })],
    "",
    "Untitled",
  );
  expect(all.map((entry) => entry.id)).toEqual(["b", "a"]);
});
