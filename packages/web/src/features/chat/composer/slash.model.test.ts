import { expect, test } from "bun:test";
import { applyCommand, slashQuery, suggest } from "./slash.model.ts";

test("a command is completed only while its first word is written", () => {
  expect(slashQuery("/re", 3)).toBe("re");
  expect(slashQuery("/", 1)).toBe("");
  expect(slashQuery("/review it", 10)).toBeNull();
  expect(slashQuery("a /re", 5)).toBeNull();
  expect(slashQuery("/re", 0)).toBeNull();
  expect(applyCommand("/re it", "review")).toBe("/review it");
  expect(applyCommand("/", "/compact")).toBe("/compact ");
});

test("names that begin with the query come first", () => {
  const commands = [{ name: "preview" }, { name: "review" }, { name: "clear" }, { name: "/rewind" }];
  expect(suggest(commands, "re").map((command) => command.name)).toEqual(["/rewind", "review", "preview"]);
  expect(suggest(commands, "zzz")).toEqual([]);
});
