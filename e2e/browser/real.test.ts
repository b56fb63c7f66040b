/** The whole way on a real hub with real demo sessions: sign in, steer, approve in the inbox, start another session, lose the hub and get it back. */
import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { button, decide, field, look, promptWith, say } from "./chat-page.ts";
import { axe, LOOKS, openPage } from "./harness.ts";
import { realWorld } from "./worlds.ts";

const world = realWorld();

describe.each(LOOKS)("on a %s, %s", (size, scheme) => {
  test("a prompt, an approval in the inbox, and what came of it", async () => {
    await using open = await openPage(world.browser, { size, scheme });
    const { page } = open;
    await page.goto(`${world.hub.url}/#token=${world.hub.token}`);
    expect(page.url()).not.toContain(world.hub.token);
    const row = page.locator(`[data-session-row="${world.hub.demoId}"]`);
    await row.click();
    const words = `run: echo ${size}`;
    await say(page, words);
    await page.getByText(words).first().waitFor();
    await page.goto(`${world.hub.url}/inbox`);
    await page.getByText(`echo ${size}`).first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.waitForFunction((title) => document.title === title, "(1) Inbox · HAPI");
    await decide(button(page, /^Allow/).first(), page.getByText("Nothing waits for you"));
    await page.goto(`${world.hub.url}/sessions/${world.hub.demoId}`);
    const prompt = promptWith(page, words);
    // the mark of this very prompt: an earlier turn is done already
    await prompt.getByRole("button", { name: "Done", exact: true }).waitFor();
    expect(await prompt.count()).toBe(1);
    expect(await axe(page)).toEqual([]);
    expect(open.problems).toEqual([]);
  }, 240_000);

  test("a new session from the form, ended and deleted from the list", async () => {
    await using open = await openPage(world.browser, { size, scheme, signedIn: world.hub });
    const { page } = open;
    await page.goto(`${world.hub.url}/inbox`);
    await page.goto(`${world.hub.url}/new`);
    await page.getByLabel("Directory", { exact: true }).fill(world.hub.directory);
    await page.getByText("The directory exists").waitFor();
    await page.getByRole("radio", { name: /Demo/ }).check({ force: true });
    expect(await axe(page)).toEqual([]);
    await page.getByRole("button", { name: "Start session" }).click();
    await page.waitForURL(/\/sessions\//);
    const id = page.url().split("/").at(-1) ?? "";
    await field(page).waitFor();
    // The form is filled in and gone: the way back leads to where one came from.
    await page.goBack();
    expect(new URL(page.url()).pathname).toBe("/inbox");
    await page.goto(world.hub.url);
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
  }, 240_000);
});

test.each(["desk", "phone"] as const)(
  "how hard the model thinks is chosen on a %s, and stands where the choice is made",
  async (size) => {
    await using open = await openPage(world.browser, { size, signedIn: world.hub });
    const { page } = open;
    await page.goto(`${world.hub.url}/sessions/${world.hub.demoId}`);
    await field(page).waitFor();
    const effort = size === "desk" ? "high" : "low";
    await button(page, "More").click();
    await page.getByRole("menuitem", { name: /^Effort/ }).click();
    const sheet = page.getByRole("dialog", { name: "Effort" });
    await sheet.getByRole("button", { name: effort }).waitFor();
    await look(page, `effort-${size}`);
    expect(await axe(page)).toEqual([]);
    await sheet.getByRole("button", { name: effort }).click();
    await sheet.waitFor({ state: "detached" });
    await button(page, "More").click();
    await page.getByRole("menuitem", { name: new RegExp(`Effort.*${effort}`) }).waitFor();
    expect(open.problems).toEqual([]);
  },
  120_000,
);

test("the hub is killed in the middle: the page keeps what it has, a prompt waits, and all of it is there once afterwards", async () => {
  await using open = await openPage(world.browser, { size: "phone", signedIn: world.hub });
  const { page } = open;
  await page.goto(`${world.hub.url}/sessions/${world.hub.demoId}`);
  await field(page).waitFor();
  await canTell(page);
  await world.hub.kill();
  await page.getByText("Connection lost").waitFor();
  await say(page, "said while the hub was gone");
  await page.getByText("1 prompt waits to be sent").waitFor();
  await world.hub.restart();
  await page.getByText("Connection lost").waitFor({ state: "detached", timeout: 40_000 });
  const prompt = promptWith(page, "said while");
  await prompt.waitFor();
  const rows = async (): Promise<string[]> =>
    (await world.hub.api.messages.page(world.hub.demoId)).messages
      .map((message) => JSON.stringify(message.content))
      .filter((text) => text.includes("said while"));
  expect((await rows()).filter((text) => text.includes("webapp"))).toHaveLength(1);
  expect(await prompt.count()).toBe(1);
}, 360_000);

test("an address of a session that is not there says so", async () => {
  await using open = await openPage(world.browser, { size: "phone", signedIn: world.hub });
  await open.page.goto(`${world.hub.url}/sessions/00000000-0000-4000-8000-000000000000`);
  await open.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await open.page.waitForFunction(() => /^(\(\d+\) )?HAPI$/.test(document.title));
});

/** The part that says so is here too: what comes from a hub that is gone can't be had before it is back. */
async function canTell(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.includes("/connection-note-")));
}
