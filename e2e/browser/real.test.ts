/** The whole way on a real hub with real demo sessions: sign in, steer, approve in the inbox, start another session, lose the hub and get it back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { axe, launchBrowser, openPage, type Scheme, type Size } from "./harness.ts";
import { type RealHub, startHubWithDemo } from "./real-hub.ts";

let browser: Browser;
let hub: RealHub;
beforeAll(async () => {
  [browser, hub] = await Promise.all([launchBrowser(), startHubWithDemo()]);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await hub[Symbol.asyncDispose]();
}, 30_000);

describe.each([
  ["phone", "light"],
  ["desk", "dark"],
] as [Size, Scheme][])("on a %s, %s", (size, scheme) => {
  test("a prompt, an approval in the inbox, and what came of it", async () => {
    await using open = await openPage(browser, { size, scheme });
    const { page } = open;
    await page.goto(`${hub.url}/?token=${hub.token}`);
    expect(page.url()).not.toContain(hub.token);
    const row = page.locator(`[data-session-row="${hub.demoId}"]`);
    await row.click();
    const words = `run: echo ${size}`;
    await page.getByRole("textbox", { name: /message/i }).fill(words);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText(words).first().waitFor();
    await page.goto(`${hub.url}/inbox`);
    await page.getByText(`echo ${size}`).first().waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await page.title()).toBe("(1) HAPI");
    await page
      .getByRole("button", { name: /^Allow/ })
      .first()
      .click();
    await page.getByText("Nothing waits for you").waitFor();
    await page.goto(`${hub.url}/sessions/${hub.demoId}`);
    const prompt = page.getByRole("article", { name: "You" }).filter({ hasText: words });
    // the mark of this very prompt: an earlier turn is done already
    await prompt.getByRole("button", { name: "Done", exact: true }).waitFor();
    expect(await prompt.count()).toBe(1);
    expect(await axe(page)).toEqual([]);
    expect(open.problems).toEqual([]);
  }, 60_000);

  test("a new session from the form, ended and deleted from the list", async () => {
    await using open = await openPage(browser, { size, scheme, signedIn: hub });
    const { page } = open;
    await page.goto(`${hub.url}/new`);
    await page.getByLabel("Directory", { exact: true }).fill(hub.directory);
    await page.getByText("The directory exists").waitFor();
    await page.getByRole("radio", { name: /Demo/ }).check({ force: true });
    expect(await axe(page)).toEqual([]);
    await page.getByRole("button", { name: "Start session" }).click();
    await page.waitForURL(/\/sessions\//);
    const id = page.url().split("/").at(-1) ?? "";
    await page.getByRole("textbox", { name: /message/i }).waitFor();
    await page.goto(hub.url);
    const row = page.locator("li", { has: page.locator(`[data-session-row="${id}"]`) });
    const openMenu = async (): Promise<void> => {
      // on a desk the button appears under the pointer
      await row.hover();
      await row.getByRole("button", { name: /Actions/ }).click();
    };
    await openMenu();
    await page.getByRole("menuitem", { name: "End session" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End session" }).click();
    await row.getByText("Ended").waitFor();
    await openMenu();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
    await row.waitFor({ state: "detached" });
    expect(open.problems).toEqual([]);
  }, 60_000);
});

test("the hub is killed in the middle: the page keeps what it has, a prompt waits, and all of it is there once afterwards", async () => {
  await using open = await openPage(browser, { size: "phone", signedIn: hub });
  const { page } = open;
  await page.goto(`${hub.url}/sessions/${hub.demoId}`);
  await page.getByRole("textbox", { name: /message/i }).waitFor();
  await hub.kill();
  await page.getByText("Connection lost. Reconnecting").waitFor();
  await page.getByRole("textbox", { name: /message/i }).fill("said while the hub was gone");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("1 prompt waits to be sent").waitFor();
  await hub.restart();
  await page.getByText("Connection lost").waitFor({ state: "detached", timeout: 40_000 });
  const prompt = page.getByRole("article", { name: "You" }).filter({ hasText: "said while" });
  await prompt.waitFor();
  const rows = async (): Promise<string[]> =>
    (await hub.api.messages.page(hub.demoId)).messages
      .map((message) => JSON.stringify(message.content))
      .filter((text) => text.includes("said while"));
  expect((await rows()).filter((text) => text.includes("webapp"))).toHaveLength(1);
  expect(await prompt.count()).toBe(1);
}, 90_000);

test("an address of a session that is not there says so", async () => {
  await using open = await openPage(browser, { size: "phone", signedIn: hub });
  await open.page.goto(`${hub.url}/sessions/00000000-0000-4000-8000-000000000000`);
  await open.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
});
