/** Pictures open, any file goes along, and the end of a path is read on every screen. On a phone in light, a desk in dark. */
import { describe, expect, test } from "bun:test";
import { button, look, openChat } from "./chat-page.ts";
import { IDLE } from "./fixture-data.ts";
import { LOOKS } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const LONG = "packages/a-package-with-a-long-name/src/features/and-a-feature-with-a-longer-one/parts/the-file-in-question.tsx";

describe.each(LOOKS)("on a %s, %s", (size, scheme) => {
  test("a tool's picture opens large, grows, and closes with Escape", async () => {
    const { prompts, sessions } = world.hub;
    const session = sessions.get(IDLE)!;
    prompts.say(session, {
      type: "tool-call",
      id: "shot",
      tool: "Read",
      kind: "read",
      title: "shot.png",
      input: { file_path: "shot.png" },
    });
    prompts.say(session, {
      type: "tool-result",
      id: "shot-r",
      callId: "shot",
      status: "completed",
      output: "",
      content: [{ type: "image", mimeType: "image/png", data: DOT }],
    });
    await using open = await openChat(world, IDLE, { size, scheme });
    const { page } = open;
    await page
      .getByRole("button", { name: /shot\.png/ })
      .last()
      .click();
    await button(page, "Open the picture Picture from shot.png").click();
    const viewer = page.getByRole("dialog", { name: "Picture from shot.png" });
    const picture = viewer.getByRole("img", { name: "Picture from shot.png" });
    const before = (await picture.boundingBox())!;
    await button(viewer, "Larger").click();
    await page.waitForFunction((width) => document.querySelector("dialog img")!.getBoundingClientRect().width > width * 1.5, before.width);
    await look(page, "picture");
    await page.keyboard.press("Escape");
    await viewer.waitFor({ state: "detached" });
    expect(open.problems).toEqual([]);
  });

  test("a row's path keeps its end, whatever room there is", async () => {
    const { prompts, sessions } = world.hub;
    prompts.say(sessions.get(IDLE)!, {
      type: "tool-call",
      id: "long",
      tool: "Edit",
      kind: "edit",
      title: LONG,
      input: { file_path: LONG },
    });
    await using open = await openChat(world, IDLE, { size, scheme });
    const path = open.page.getByTitle(LONG).last();
    await path.waitFor();
    const end = await path
      .locator("span")
      .last()
      .evaluate((node) => ({ text: node.textContent, cut: node.scrollWidth > node.clientWidth + 1 }));
    expect(end).toEqual({ text: "/the-file-in-question.tsx", cut: false });
    await look(open.page, "path");
  });

  test("any file can be added, not only pictures", async () => {
    await using open = await openChat(world, IDLE, { size, scheme });
    const { page } = open;
    await button(page, "More").click();
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("menuitem", { name: "Add files" }).click();
    const picked = await chooser;
    expect(await picked.element().getAttribute("accept")).toBeNull();
    await picked.setFiles([
      { name: "a-report-of-the-last-quarter-2026.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4") },
    ]);
    await page.getByRole("list", { name: "Files to send" }).getByTitle("a-report-of-the-last-quarter-2026.pdf").waitFor();
    await look(page, "file");
    expect(open.problems).toEqual([]);
  });
});
