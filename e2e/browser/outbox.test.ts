/**
 * The way of a prompt from the field to the hub: it survives whatever ends the page, is sent once however often an answer is lost and however
 * many tabs are open, in the order it was written; what can't be kept or is refused is said, and its words stay.
 */
import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { button, field, fieldHas, goToChat, lastMessage, openChat, promptWith, queue, queued, say } from "./chat-page.ts";
import { IDLE, WORKING } from "./fixture-data.ts";
import { bodyOf } from "./fixture-log.ts";
import { axe, openPage, workerReady } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

const posts = (): string[] => world.hub.calls(/^POST \S+\/messages \{/);
const textsOf = (lines: readonly string[]): unknown[] => lines.map((line) => bodyOf(line)["text"]);

/** As a browser does that needs the room for another site. */
async function forgetSessions(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const asked = indexedDB.open(name);
        asked.addEventListener("success", () => resolve(asked.result));
      });
      const emptied = database.transaction("cache", "readwrite");
      emptied.objectStore("cache").clear();
      await new Promise((resolve) => emptied.addEventListener("complete", resolve));
      database.close();
    }
  });
}

test("a tab that is killed offline loses nothing: the next one shows the prompt and sends it once", async () => {
  await using open = await openChat(world, WORKING, { serviceWorkers: "allow" });
  const { context } = open;
  await workerReady(open.page);
  await context.setOffline(true);
  await open.page.getByText("You are offline").waitFor();
  await say(open.page, "written in a tab that dies");
  const debug = await context.newCDPSession(open.page);
  // no unload, no last words: the process is gone
  debug.send("Page.crash").catch(() => undefined);
  await open.page.waitForEvent("crash");
  await open.page.close();
  const page = await context.newPage();
  await page.goto(`${world.hub.url}/sessions/${WORKING}`);
  await page.getByText("1 prompt waits to be sent").waitFor();
  await queue(page).getByText("written in a tab that dies").waitFor();
  await context.setOffline(false);
  await world.hub.seen(() => posts().length > 0);
  // this session works: what the hub has waits for its turn
  await queue(page).getByText("Waits for its turn").waitFor();
  expect(textsOf(posts())).toEqual(["written in a tab that dies"]);
});

test("of a session that the device does not keep, an offline tab shows what waits for it, and the whole once it is online", async () => {
  await using open = await openChat(world, WORKING, { serviceWorkers: "allow" });
  const { page, context } = open;
  await workerReady(page);
  await context.setOffline(true);
  await page.getByText("You are offline").waitFor();
  await say(page, "kept without its session");
  await forgetSessions(page);
  await page.reload();
  await page.getByText("This session is not kept on this device").waitFor();
  await queue(page).getByText("kept without its session").waitFor();
  expect(await axe(page)).toEqual([]);
  await context.setOffline(false);
  await lastMessage(page).waitFor();
  await queue(page).getByText("Waits for its turn").waitFor();
  expect(textsOf(posts())).toEqual(["kept without its session"]);
});

test("an answer that is lost is asked for again by the same id, and the prompt is there once", async () => {
  await using open = await openChat(world, IDLE);
  const { page } = open;
  let lost = 0;
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST" || lost >= 2) return route.fallback();
    lost += 1;
    await route.fetch();
    await route.abort("connectionreset");
  });
  await say(page, "heard, but not answered");
  const prompt = promptWith(page, "heard, but not answered");
  await prompt.waitFor();
  await page.waitForFunction(() => !document.body.innerText.includes("waits to be sent"));
  await world.hub.seen(() => posts().length === 3);
  const ids = posts().map((line) => /"localId":"([^"]+)"/.exec(line)?.[1]);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
  expect(await prompt.count()).toBe(1);
  expect(world.hub.prompts.rows(world.hub.sessions.get(IDLE)!).filter((row) => row.localId === ids[0])).toHaveLength(1);
});

test("two tabs on one device: each prompt goes out once and in the order written, and one taken back in either never does", async () => {
  await using open = await openChat(world, WORKING, { serviceWorkers: "allow" });
  const { page: one, context } = open;
  const two = await context.newPage();
  await workerReady(one);
  await goToChat(two, world.hub, WORKING);
  await context.setOffline(true);
  await one.getByText("You are offline").waitFor();
  await two.getByText("You are offline").waitFor();
  await say(one, "first, from the left");
  await say(two, "second, from the right");
  await say(one, "third, taken back");
  await say(two, "fourth, from the right");
  await two.getByText("4 prompts wait to be sent").waitFor();
  await queue(two)
    .getByRole("button", { name: /and 2 more/ })
    .click();
  await queued(two, "taken back").getByRole("button", { name: "Cancel this prompt" }).click();
  await one.getByText("3 prompts wait to be sent").waitFor();
  await context.setOffline(false);
  await world.hub.seen(() => posts().length === 3);
  for (const page of [one, two]) await queue(page).getByText("Waits for its turn").nth(1).waitFor();
  expect(textsOf(posts())).toEqual(["first, from the left", "second, from the right", "fourth, from the right"]);
});

test("a refused prompt keeps its words and the reason, and can be tried again, edited or discarded", async () => {
  await using open = await openChat(world, IDLE);
  const { page } = open;
  const refuse = (): void => world.hub.failNext("/messages", 413, { error: "The request is too large", code: "body_too_large" });
  refuse();
  await say(page, "too much for the hub");
  const row = queued(page, "too much for the hub");
  await row.getByText("Not sent: The request is too large").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.reload();
  await row.getByText("Not sent: The request is too large").waitFor();
  expect(posts()).toHaveLength(1);
  await row.getByRole("button", { name: "Send again" }).click();
  await promptWith(page, "too much for the hub").waitFor();
  refuse();
  await say(page, "to be edited");
  const second = queued(page, "to be edited");
  await second.getByText("Not sent").waitFor();
  await second.getByRole("button", { name: "Edit this prompt" }).click();
  await fieldHas(page, "to be edited");
  await second.waitFor({ state: "detached" });
  refuse();
  await button(page, "Send").click();
  await second.getByText("Not sent").waitFor();
  await second.getByRole("button", { name: "Discard this prompt" }).click();
  await second.waitFor({ state: "detached" });
  await page.reload();
  await lastMessage(page).waitFor();
  expect(await page.getByText("to be edited").count()).toBe(0);
});

test("a device that takes no prompt says so, and the words stay in the field", async () => {
  await using open = await openPage(world.browser, { signedIn: world.hub });
  const { page } = open;
  await page.addInitScript(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (value, key) {
      if (this.name === "outbox") throw new DOMException("full", "QuotaExceededError");
      return put.call(this, value, key);
    };
  });
  await goToChat(page, world.hub, IDLE);
  await field(page).fill("nowhere to keep this");
  await button(page, "Send").click();
  await page.getByText(/This device has no room to keep the prompt/).waitFor();
  expect(await field(page).inputValue()).toBe("nowhere to keep this");
  expect(posts()).toEqual([]);
  expect(await axe(page)).toEqual([]);
});

test("a browser without a database sends all the same, and asks to keep the page open while something waits", async () => {
  await using open = await openPage(world.browser, { signedIn: world.hub });
  const { page, context } = open;
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("not here", "SecurityError");
    };
  });
  await goToChat(page, world.hub, IDLE);
  await context.setOffline(true);
  await say(page, "only in this page");
  await page.getByText("1 prompt waits to be sent").waitFor();
  await page.getByText("Keep this page open: this browser can't store them").waitFor();
  expect(await axe(page)).toEqual([]);
  await context.setOffline(false);
  await world.hub.seen(() => posts().length > 0);
  await promptWith(page, "only in this page").waitFor();
  expect(textsOf(posts())).toEqual(["only in this page"]);
});
