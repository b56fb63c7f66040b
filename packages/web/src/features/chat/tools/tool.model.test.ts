import { expect, test } from "bun:test";
import { createTimeline, type ToolItem } from "@hapi/core";
import { rowsOf, story } from "../gallery/script.ts";
import { commandOf, imageSource, objectOf, opensItself, prettyJson, shellFacts, simpleInput, stripLineNumbers, tailLines, todosOf } from "./tool.model.ts";

const items = createTimeline().update({ messages: rowsOf(story), root: "/home/ada/shop" }).items;
const tool = (kind: ToolItem["kind"]): ToolItem => {
  const all = items.flatMap((item) => (item.type === "tool" ? [item] : item.type === "tool-group" ? item.tools : []));
  const found = all.find((item) => item.kind === kind);
  if (!found) throw new Error(`the story has no ${kind}`);
  return found;
};

test("a failed call opens itself, a good one stays one line", () => {
  expect(opensItself(tool("execute"))).toBe(true);
  expect(opensItself(tool("edit"))).toBe(false);
});

test("a command is read from every shape agents give it", () => {
  expect(commandOf("ls")).toBe("ls");
  expect(commandOf({ command: ["git", "status"] })).toBe("git status");
  expect(commandOf({ cmd: "ls" })).toBe("ls");
  expect(commandOf({ other: 1 })).toBeNull();
  expect(commandOf(null)).toBeNull();
});

test("a shell call shows its terminal content, its output so far, or nothing", () => {
  expect(shellFacts(tool("execute"))).toMatchObject({ command: "bun test src/total.test.ts", exitCode: 1, description: "Run the tests of total" });
  const running = { input: { command: "make" }, object: "make", output: null, liveOutput: "half", content: [] };
  expect(shellFacts(running).output).toBe("half");
  expect(shellFacts({ ...running, liveOutput: null }).output).toBe("");
});

test("a search is named by its pattern", () => {
  expect(objectOf(tool("search"))).toBe("Math\\.round");
  expect(objectOf(tool("edit"))).toBe("src/total.ts");
});

test("line numbers of a reader are taken off only where every line has one", () => {
  expect(stripLineNumbers("     1→import a\n     2→\n    10→  b")).toBe("import a\n\n  b");
  expect(stripLineNumbers("1\tx\n2\ty")).toBe("x\ny");
  expect(stripLineNumbers("10: not all\nlines")).toBe("10: not all\nlines");
  expect(stripLineNumbers("")).toBe("");
});

test("the end of long output is kept, and what is hidden is counted", () => {
  expect(tailLines("a\nb\nc\n", 2)).toEqual({ text: "b\nc", hidden: 1, total: 3 });
  expect(tailLines("a", 2)).toEqual({ text: "a", hidden: 0, total: 1 });
});

test("only pictures a browser draws are shown, and only from clean base64", () => {
  expect(imageSource({ mimeType: "image/png", data: "aGk=" })).toBe("data:image/png;base64,aGk=");
  expect(imageSource({ mimeType: "image/svg+xml", data: "aGk=" })).toBeNull();
  expect(imageSource({ mimeType: "image/png", data: '"><script>' })).toBeNull();
});

test("small inputs are read as facts, others as JSON that has an end", () => {
  expect(simpleInput({ a: 1, b: "x" })).toEqual([{ name: "a", value: "1" }, { name: "b", value: "x" }]);
  expect(simpleInput({ a: { b: 1 } })).toBeNull();
  expect(simpleInput([])).toBeNull();
  expect(prettyJson(undefined)).toBe("undefined");
  expect(prettyJson({ a: "x".repeat(300_000) }).length).toBeLessThan(200_010);
});

test("a to-do list is found under any of its names", () => {
  const list = [{ content: "a", status: "completed" }];
  expect(todosOf({ todos: list })).toMatchObject([{ content: "a", status: "completed" }]);
  expect(todosOf({ plan: list })).toHaveLength(1);
  expect(todosOf(list)).toHaveLength(1);
  expect(todosOf({ todos: "none" })).toEqual([]);
});
