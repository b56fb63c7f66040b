/** Pictures that an agent shows: what is none, or is not its own, is refused. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { confineTo } from "../../files/index.ts";
import { imageRows, MAX_IMAGE_BYTES } from "./shown-image.ts";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const root = mkdtempSync(join(tmpdir(), "hapi-image-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const cwd = join(root, "project");
mkdirSync(cwd);
const confinement = await confineTo([cwd]);
const file = (name: string, bytes: string | Buffer, folder = cwd): string => {
  writeFileSync(join(folder, name), bytes);
  return name;
};
const show = (path: string) => imageRows(confinement, { id: "1", path, caption: "A picture" });

test("a picture is a call of HAPI's own with its bytes, by what it is and not by its name", async () => {
  const png = Buffer.from(PIXEL, "base64");
  expect(await show(file("a.svg", png))).toEqual([
    {
      id: "hapi-image-1",
      type: "tool-call",
      tool: "display_image",
      kind: "other",
      title: "A picture",
      input: { path: "a.svg", caption: "A picture" },
    },
    {
      id: "hapi-image-1-result",
      type: "tool-result",
      callId: "hapi-image-1",
      status: "completed",
      output: "",
      content: [{ type: "image", mimeType: "image/png", data: PIXEL }],
    },
  ]);
  const typeOf = async (bytes: string): Promise<unknown> => {
    const [, result] = await show(file("b", Buffer.from(bytes, "latin1")));
    const [part] = result?.type === "tool-result" ? (result.content ?? []) : [];
    return part?.type === "image" ? part.mimeType : null;
  };
  expect(await typeOf("\xff\xd8\xff\xe0")).toBe("image/jpeg");
  expect(await typeOf("GIF89a")).toBe("image/gif");
  expect(await typeOf("RIFF\0\0\0\0WEBPVP8 ")).toBe("image/webp");
});

test("an SVG, a page, nothing, too much, and what lies outside are refused", async () => {
  const isNone = { code: "invalid_body", message: expect.stringContaining("Only PNG, JPEG, GIF and WebP") };
  await expect(show(file("x.png", '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'))).rejects.toMatchObject(
    isNone,
  );
  await expect(show(file("y.png", "<!doctype html>"))).rejects.toMatchObject(isNone);
  await expect(show(file("z.png", ""))).rejects.toMatchObject(isNone);
  await expect(show(file("big.png", Buffer.alloc(MAX_IMAGE_BYTES + 1)))).rejects.toMatchObject({
    message: expect.stringContaining("2 MB"),
  });
  file("secret.png", Buffer.from(PIXEL, "base64"), root);
  symlinkSync(join(root, "secret.png"), join(cwd, "link.png"));
  for (const path of ["../secret.png", join(root, "secret.png"), "link.png", "/etc/passwd"])
    await expect(show(path)).rejects.toMatchObject({ code: "access_denied" });
  await expect(show("absent.png")).rejects.toMatchObject({ code: "not_found" });
  await expect(show(".")).rejects.toMatchObject({ code: expect.any(String) });
});
