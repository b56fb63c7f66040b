import { readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { type Json, parseJson } from "./json.ts";
import { createTree } from "./tree.ts";

const recorded = (name: string): Json[] =>
  readFileSync(new URL(`../../../testkit/src/recorded/claude/${name}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => parseJson(line) ?? {});

function active(lines: Json[]): Json[] {
  const tree = createTree();
  for (const line of lines) tree.add(line);
  const ids = tree.active();
  return lines.filter((line) => ids.has(String(line["uuid"])));
}

test("after a rewind only the new branch is the conversation", () => {
  const lines = recorded("rewound");
  const prompts = active(lines).filter((line) => line["promptSource"] === "sdk");
  expect(prompts.map((line) => (line["message"] as Json)["content"])).toEqual(["earlier", "toolfail", "second"]);
  expect(active(lines).filter((line) => line["isApiErrorMessage"] === true)).toHaveLength(1);
  expect(lines.filter((line) => line["isApiErrorMessage"] === true)).toHaveLength(2);
});

test("results of tools called side by side belong to the branch", () => {
  const lines = recorded("remote-queue-todo-agent");
  const results = (all: Json[]): Json[] => all.filter((line) => JSON.stringify(line).includes('"tool_result"') && line["type"] === "user");
  expect(results(active(lines))).toHaveLength(results(lines).length);
});

test("a cut-back conversation without a new message ends where it was cut", () => {
  const lines = [
    { type: "user", uuid: "a", parentUuid: null, message: { content: "one" } },
    { type: "user", uuid: "b", parentUuid: "a", message: { content: "two" } },
    { type: "last-prompt", leafUuid: "a", explicit: true, rewound: true },
  ];
  expect(active(lines).map((line) => line["uuid"])).toEqual(["a"]);
});

test("a cut that was taken back cuts nothing: a Claude killed right after the next prompt keeps its past", () => {
  const none = "00000000-0000-0000-0000-000000000000";
  const lines = recorded("markup-terminal");
  const at = lines.findIndex((line) => line["type"] === "last-prompt" && line["leafUuid"] === none);
  expect(active(lines.slice(0, at + 1)).some((line) => (line["message"] as Json | undefined)?.["content"] === "one")).toBe(true);
  expect(active([...lines.slice(0, at), { type: "last-prompt", leafUuid: none, explicit: true, rewound: true }])).toEqual([]);
});

test("a loop in the parents ends", () => {
  const lines = [
    { type: "user", uuid: "a", parentUuid: "b" },
    { type: "user", uuid: "b", parentUuid: "a" },
  ];
  expect(active(lines)).toHaveLength(2);
});
