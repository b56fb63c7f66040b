import { expect, test } from "bun:test";
import { toolOf } from "../gallery/story-items.ts";
import { commandOf, imageSource, prettyJson, shellFacts, simpleInput, stripLineNumbers, tailLines, todosOf } from "./body.model.ts";

test("a command is read from every shape agents give it", () => {
  expect(commandOf("ls")).toBe("ls");
  expect(commandOf({ command: ["git", "status"] })).toBe("git status");
  expect(commandOf({ cmd: "ls" })).toBe("ls");
  expect(commandOf({ other: 1 })).toBeNull();
  expect(commandOf(null)).toBeNull();
});

test("a shell call shows its terminal content, its output so far, or nothing", () => {
  expect(shellFacts(toolOf("execute"))).toMatchObject({
    command: "bun test src/total.test.ts",
    exitCode: 1,
    description: "Run the tests of total",
  });
  const running = { input: { command: "make" }, object: "make", output: null, liveOutput: "half", content: [] };
  expect(shellFacts(running).output).toBe("half");
  expect(shellFacts({ ...running, liveOutput: null }).output).toBe("");
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
  expect(simpleInput({ a: 1, b: "x" })).toEqual([
    { name: "a", value: "1" },
    { name: "b", value: "x" },
  ]);
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
