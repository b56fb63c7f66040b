import { expect, test } from "bun:test";
import { inPlace, diffsOfInput } from "@hapi/core";
import fc from "fast-check";
import { editPlacesOf } from "./edit-places.ts";

const FILE = Array.from({ length: 20 }, (_, at) => `line ${at + 1}`).join("\n");
const reading = (files: Record<string, string>) => async (path: string) => files[path] ?? null;
const edit = (old_string: string, new_string: string) => ({ tool: "Edit", input: { file_path: "/p/a.ts", old_string, new_string } });

test("an edit has its line and three lines around it", async () => {
  expect(await editPlacesOf(edit("line 10\nline 11", "x"), reading({ "/p/a.ts": FILE }))).toEqual([
    { line: 7, before: "line 7\nline 8\nline 9\n", after: "\nline 12\nline 13\nline 14" },
  ]);
});

test("of a file that can't be read it is taken from what the agent shows of it", async () => {
  const input = { path: "a.ts", old_string: "line 2", new_string: "x" };
  const whole = { type: "diff", path: "/elsewhere/a.ts", oldText: "line 1\nline 2", newText: "line 1\nx" };
  const placed = (diffs: unknown, files = {}) => editPlacesOf({ tool: "edit", input: { ...input, diffs } }, reading(files));
  expect(await placed([{ ...whole, path: "/elsewhere/b.ts" }, whole])).toEqual([{ line: 1, before: "line 1\n", after: "" }]);
  expect(await placed([whole], { "a.ts": "line 2" })).toEqual([{ line: 1, before: "", after: "" }]);
  for (const none of [undefined, "x", [null], [{ ...whole, oldText: null }], [{ ...whole, path: "/elsewhere/ba.ts" }]])
    expect(await placed(none)).toEqual([null]);
});

test("an edit within a line takes the rest of its line along; at the edges of a file there is less", async () => {
  expect(await editPlacesOf(edit("ne 1\nli", "x"), reading({ "/p/a.ts": FILE }))).toEqual([
    { line: 1, before: "li", after: "ne 2\nline 3\nline 4\nline 5" },
  ]);
  expect(await editPlacesOf(edit("line 20", "x"), reading({ "/p/a.ts": FILE }))).toEqual([
    { line: 17, before: "line 17\nline 18\nline 19\n", after: "" },
  ]);
});

test("a file that is written anew is compared with what it held; one that is not there, or has the text no more, has no place", async () => {
  const write = { tool: "Write", input: { file_path: "/p/a.ts", content: "new" } };
  expect(await editPlacesOf(write, reading({ "/p/a.ts": "old" }))).toEqual([{ line: 1, before: "", after: "", old: "old" }]);
  expect(await editPlacesOf(write, reading({}))).toEqual([null]);
  expect(await editPlacesOf(edit("gone", "x"), reading({ "/p/a.ts": FILE }))).toEqual([null]);
  expect(await editPlacesOf({ tool: "Bash", input: { command: "ls" } }, reading({}))).toBeUndefined();
});

test("what is shown is the file's own text, wherever the edit is", async () => {
  const text = fc.array(fc.constantFrom("a", "b", "\n", "longer words "), { minLength: 1, maxLength: 60 }).map((all) => all.join(""));
  await fc.assert(
    fc.asyncProperty(text, fc.nat(), fc.nat(), async (whole, a, b) => {
      const [from, to] = [a % whole.length, b % whole.length].sort((one, other) => one - other) as [number, number];
      const request = edit(whole.slice(from, to + 1), "NEW");
      const places = await editPlacesOf(request, reading({ "/p/a.ts": whole }));
      const [shown] = inPlace(diffsOfInput("edit", request.input), places);
      expect(whole).toContain(shown?.oldText ?? "nothing");
      const before = whole.slice(0, whole.indexOf(shown?.oldText ?? ""));
      expect(
        whole
          .split("\n")
          .slice((shown?.oldStart ?? 0) - 1)
          .join("\n")
          .startsWith((shown?.oldText ?? "").slice(0)),
      ).toBe(before === "" || before.endsWith("\n"));
    }),
  );
});
