/** What one writes in: pictures pasted and dropped beside the field, an upload as it goes, and a keyboard that covers the page. */
import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { button, field, fieldHas, goToChat, lastMessage, look, promptWith, say } from "./chat-page.ts";
import { IDLE } from "./fixture-data.ts";
import { bodyOf } from "./fixture-log.ts";
import { axe, openPage } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

test("a file dropped on a screen that takes none does not open in the app's place", async () => {
  await using open = await openPage(world.browser, { size: "desk", signedIn: world.hub });
  await open.page.goto(`${world.hub.url}/settings`);
  const goesOn = (type: string) =>
    open.page.evaluate((name) => {
      const data = new DataTransfer();
      data.items.add(new File(["x"], "plan.txt"));
      return document.body.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
    }, type);
  expect([await goesOn("dragover"), await goesOn("drop")]).toEqual([false, false]);
});

/** A picture as the browser's own paste and drop events carry it. */
const give = (page: Page, kind: "paste" | "drop", name: string): Promise<void> =>
  page.evaluate(
    ([how, filename, bytes]) => {
      const content = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([content], filename, { type: "image/png" }));
      const target = document.querySelector("textarea");
      if (how === "paste") target?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
      else
        for (const type of ["dragover", "drop"])
          target?.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    [kind, name, DOT] as const,
  );

test("pictures that are pasted and dropped stand beside the field with a preview, and go with the prompt", async () => {
  await using open = await openPage(world.browser, { size: "desk", signedIn: world.hub });
  const { page } = open;
  await page.goto(`${world.hub.url}/sessions/${IDLE}`);
  await field(page).waitFor();
  await give(page, "paste", "image.png");
  const files = page.getByRole("list", { name: "Files to send" });
  await files.getByText("pasted-1.png").waitFor();
  // What takes a file that is dropped comes behind the field: a person whose file was not taken drops it again.
  const isTaken = () =>
    files
      .getByText("plan.png")
      .waitFor({ timeout: 2_000 })
      .then(
        () => true,
        () => false,
      );
  do await give(page, "drop", "plan.png");
  while (!(await isTaken()));
  await page.waitForFunction(
    () => [...document.querySelectorAll<HTMLImageElement>("form img, ul img")].filter((image) => image.naturalWidth > 0).length === 2,
  );
  await look(page, "files");
  await say(page, "like this");
  const { attachments } = bodyOf(await world.hub.received(/^POST \S+\/messages .*like this/)) as {
    attachments: { filename: string; previewUrl?: string }[];
  };
  expect(attachments.map((file) => file.filename)).toEqual(["pasted-1.png", "plan.png"]);
  // the pictures stay to be seen, also where the files are not
  for (const { previewUrl } of attachments) expect(previewUrl).toMatch(/^data:image\/jpeg;base64,/);
  await page.reload();
  const sent = promptWith(page, "like this");
  await sent.locator("img").nth(1).waitFor();
  expect(await axe(page)).toEqual([]);
  expect(open.problems).toEqual([]);
});

test("a slow upload shows how far it is; removed, it ends", async () => {
  await using open = await openPage(world.browser, { size: "phone", signedIn: world.hub });
  const { page, context } = open;
  await page.goto(`${world.hub.url}/sessions/${IDLE}`);
  await field(page).waitFor();
  await button(page, "More").waitFor();
  const debug = await context.newCDPSession(page);
  await debug.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 300_000 });
  const buffer = Buffer.alloc(1_500_000, 1);
  await page.locator("input[type=file]").setInputFiles({ name: "large.png", mimeType: "image/png", buffer });
  const bar = page.getByRole("progressbar", { name: "Uploading large.png" });
  await page.waitForFunction(() => {
    const share = Number(document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow"));
    return share > 5 && share < 95;
  });
  await button(page, "Remove large.png").click();
  await bar.waitFor({ state: "detached" });
  expect(world.hub.calls(/\/upload/)).toEqual([]);
  expect(open.problems).toEqual([]);
});

test("a keyboard over the page never hides the last message or the field", async () => {
  await using open = await openPage(world.browser, { size: "phone", signedIn: world.hub });
  const { page } = open;
  await page.addInitScript(() => {
    let height = 844;
    const viewport = window.visualViewport;
    if (!viewport) return;
    Object.defineProperty(viewport, "height", { get: () => height });
    Object.assign(window, {
      coverBy: (pixels: number) => {
        height = 844 - pixels;
        viewport.dispatchEvent(new Event("resize"));
      },
    });
  });
  await goToChat(page, world.hub, IDLE);
  await page.evaluate(() => (window as unknown as { coverBy(pixels: number): void }).coverBy(336));
  await page.waitForFunction(() => (document.querySelector("textarea")?.getBoundingClientRect().bottom ?? 844) <= 844 - 336);
  const last = await lastMessage(page).boundingBox();
  expect((last?.y ?? 844) + (last?.height ?? 0)).toBeLessThanOrEqual(844 - 336);
  await page.evaluate(() => (window as unknown as { coverBy(pixels: number): void }).coverBy(0));
  await page.waitForFunction(() => (document.querySelector("textarea")?.getBoundingClientRect().bottom ?? 0) > 844 - 336);
});

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** The keys of an input method as WebKit tells of them: the composition has ended when its Enter comes, marked by 229 alone. */
const composedEnter = (page: Page, where: string): Promise<void> =>
  page.evaluate((selector) => {
    const target = document.querySelector<HTMLElement>(selector);
    target?.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
    target?.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: "你好" }));
    target?.dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, isComposing: false, bubbles: true, cancelable: true }),
    );
    target?.dispatchEvent(new KeyboardEvent("keyup", { key: "Enter", keyCode: 13, bubbles: true }));
  }, where);

test("the Enter that takes a word from an input method sends nothing and opens nothing", async () => {
  await using open = await openPage(world.browser, { size: "desk", signedIn: world.hub });
  const { page } = open;
  await page.goto(`${world.hub.url}/sessions/${IDLE}`);
  await field(page).fill("你好");
  await composedEnter(page, "textarea");
  expect(await field(page).inputValue()).toBe("你好");
  await page.keyboard.press("Enter");
  await promptWith(page, "你好").waitFor();
  await fieldHas(page, "");

  const here = page.url();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("cart");
  await composedEnter(page, "dialog input");
  expect(await page.getByRole("combobox").isVisible()).toBe(true);
  expect(page.url()).toBe(here);
  expect(open.problems).toEqual([]);
});
