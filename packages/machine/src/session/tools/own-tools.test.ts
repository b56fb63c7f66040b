import { expect, test } from "bun:test";
import { createOwnTools } from "./own-tools.ts";

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const never = new AbortController().signal;

function tools(titled: (title: string) => void = () => undefined) {
  const { call } = createOwnTools({ titled, log });
  return (name: string, given: unknown) => call({ name, arguments: given }, "1", never);
}

test("a title is one clean line; what is none is refused with what to do", async () => {
  const titles: string[] = [];
  const call = tools((title) => titles.push(title));
  expect(await call("change_title", { title: "  Fix\nthe \u202elogin\u001b]0;x\u0007 " })).toEqual({
    text: "The title is now: Fix the login",
  });
  expect(titles).toEqual(["Fix the login"]);
  for (const title of ["", " \u202e\n", "x".repeat(201), 7, undefined, { toString: "x" }])
    expect(await call("change_title", { title })).toMatchObject({ isError: true });
  expect(await call("change_title", "x")).toEqual({ text: "change_title needs `title`, a text.", isError: true });
  expect(titles).toHaveLength(1);
});

test("a tool that this version does not have, or that every object has, is said; a failure is a sentence", async () => {
  expect(await tools()("launch\u202e", {})).toEqual({ text: "This version of HAPI has no tool launch.", isError: true });
  expect(await tools()("constructor", {})).toMatchObject({ isError: true });
  const broken = tools(() => {
    throw new Error("disk");
  });
  expect(await broken("change_title", { title: "x" })).toMatchObject({ isError: true, text: expect.any(String) });
});
