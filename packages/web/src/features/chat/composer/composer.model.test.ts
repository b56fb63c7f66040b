import { expect, test } from "bun:test";
import { admit, buttonOf, EMPTY_DRAFT, fileNameOf, MAX_FILE_BYTES, MAX_FILES, sendsOn, takeBack } from "./composer.model.ts";

const enter = { key: "Enter", shift: false, alt: false, mod: false, composing: false };
const file = (id: string) => ({ id, filename: id, mimeType: "image/png", content: new Blob(["x"]) });

test("Enter sends on a desk and breaks the line on a phone, unless the person chose otherwise", () => {
  expect(sendsOn(enter, "auto", true)).toBe(true);
  expect(sendsOn(enter, "auto", false)).toBe(false);
  expect(sendsOn(enter, "enter", false)).toBe(true);
  expect(sendsOn(enter, "mod", true)).toBe(false);
  expect(sendsOn({ ...enter, mod: true }, "mod", false)).toBe(true);
  expect(sendsOn({ ...enter, shift: true }, "enter", true)).toBe(false);
  expect(sendsOn({ ...enter, composing: true, mod: true }, "enter", true)).toBe(false);
  expect(sendsOn({ ...enter, key: "a", mod: true }, "enter", true)).toBe(false);
});

test("the button stops only when nothing is written", () => {
  expect(buttonOf(EMPTY_DRAFT, true)).toBe("stop");
  expect(buttonOf({ text: "wait", files: [] }, true)).toBe("send");
  expect(buttonOf({ text: " ", files: [file("a")] }, true)).toBe("send");
  expect(buttonOf(EMPTY_DRAFT, false)).toBe("send");
});

test("a prompt taken back goes in front of what is being written and loses nothing", () => {
  expect(takeBack({ text: "new", files: [file("b")] }, "old", [file("a")])).toMatchObject({
    text: "old\n\nnew",
    files: [{ id: "a" }, { id: "b" }],
  });
  expect(takeBack(EMPTY_DRAFT, "old", []).text).toBe("old");
  expect(takeBack({ text: "new", files: [] }, "", []).text).toBe("new");
});

test("files that can't be sent are refused before they are read", () => {
  expect(admit(EMPTY_DRAFT, { size: 1 }, 0)).toBeNull();
  expect(admit(EMPTY_DRAFT, { size: MAX_FILE_BYTES + 1 }, 0)).toBe("too-big");
  expect(admit(EMPTY_DRAFT, { size: 0 }, 0)).toBe("empty");
  expect(admit(EMPTY_DRAFT, { size: 1 }, MAX_FILES)).toBe("too-many");
});

test("pasted pictures get a name of their own", () => {
  expect(fileNameOf({ name: "image.png", type: "image/png" }, 3)).toBe("pasted-3.png");
  expect(fileNameOf({ name: "", type: "image/svg+xml" }, 4)).toBe("pasted-4.svg");
  expect(fileNameOf({ name: "chart.png", type: "image/png" }, 5)).toBe("chart.png");
});
