/**
 * The way of a prompt from the field to the hub: it survives whatever ends the page, is sent once however often an answer is lost and however
 * many tabs are open, in the order it was written; what can't be kept or is refused is said, and its words stay.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import type { Browser, Locator, Page } from "playwright-core";
import { type FixtureHub, startFixtureHub } from "./fixture-hub.ts";
import { axe, launchBrowser, openPage, WEB_ROOT } from "./harness.ts";

const SESSION = "5b0f6c1e-0003-4000-8000-000000000003";
const IDLE = "5b0f6c1e-0004-4000-8000-000000000004";

let browser: Browser;
let hub: FixtureHub;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(() => {
  hub = startFixtureHub({ webRoot: WEB_ROOT });
});
afterEach(() => hub.stop());

const field = (page: Page): Locator => page.getByRole("textbox", { name: "Message", exact: true });
const waiting = (page: Page): Locator => page.getByRole("region", { name: /prompts? waits?/ });
const posts = (): string[] => hub.log.filter((line) => /^POST \S+\/messages \{/.test(line));
const textsOf = (lines: readonly string[]): string[] =>
  lines.map((line) => (JSON.parse(line.slice(line.indexOf("{"))) as { text: string }).text);

async function chat(page: Page, id = SESSION): Promise<void> {
  await page.goto(`${hub.url}/sessions/${id}`);
  await page.getByText("I'll count in cents instead").waitFor();
}

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

async function say(page: Page, text: string): Promise<void> {
  await field(page).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.waitForFunction(() => document.querySelector("textarea")?.value === "");
}

test("a tab that is killed offline loses nothing: the next one shows the prompt and sends it once", async () => {
  await using open = await openPage(browser, { signedIn: hub, serviceWorkers: "allow" });
  const { context } = open;
  await chat(open.page);
  await open.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await context.setOffline(true);
  await open.page.getByText("You are offline").waitFor();
  await say(open.page, "written in a tab that dies");
  const debug = await context.newCDPSession(open.page);
  // no unload, no last words: the process is gone
  debug.send("Page.crash").catch(() => undefined);
  await open.page.waitForEvent("crash");
  await open.page.close();
  const page = await context.newPage();
  await page.goto(`${hub.url}/sessions/${SESSION}`);
  await page.getByText("1 prompt waits to be sent").waitFor();
  await waiting(page).getByText("written in a tab that dies").waitFor();
  await context.setOffline(false);
  await hub.seen(() => posts().length > 0);
  // this session works: what the hub has waits for its turn
  await waiting(page).getByText("Waits for its turn").waitFor();
  expect(textsOf(posts())).toEqual(["written in a tab that dies"]);
});

test("of a session that the device does not keep, an offline tab shows what waits for it, and the whole once it is online", async () => {
  await using open = await openPage(browser, { signedIn: hub, serviceWorkers: "allow" });
  const { page, context } = open;
  await chat(page);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await context.setOffline(true);
  await page.getByText("You are offline").waitFor();
  await say(page, "kept without its session");
  await forgetSessions(page);
  await page.reload();
  await page.getByText("This session is not kept on this device").waitFor();
  await waiting(page).getByText("kept without its session").waitFor();
  expect(await axe(page)).toEqual([]);
  await context.setOffline(false);
  await page.getByText("I'll count in cents instead").waitFor();
  await waiting(page).getByText("Waits for its turn").waitFor();
  expect(textsOf(posts())).toEqual(["kept without its session"]);
});

test("an answer that is lost is asked for again by the same id, and the prompt is there once", async () => {
  await using open = await openPage(browser, { signedIn: hub });
  const { page } = open;
  await chat(page, IDLE);
  let lost = 0;
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST" || lost >= 2) return route.fallback();
    lost += 1;
    await route.fetch();
    await route.abort("connectionreset");
  });
  await say(page, "heard, but not answered");
  const prompt = page.getByRole("article", { name: "You" }).filter({ hasText: "heard, but not answered" });
  await prompt.waitFor();
  await page.waitForFunction(() => !document.body.innerText.includes("waits to be sent"));
  await hub.seen(() => posts().length === 3);
  const ids = posts().map((line) => /"localId":"([^"]+)"/.exec(line)?.[1]);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
  expect(await prompt.count()).toBe(1);
  expect(hub.prompts.rows(hub.sessions.get(IDLE)!).filter((row) => row.localId === ids[0])).toHaveLength(1);
});

test("two tabs on one device: each prompt goes out once and in the order written, and one taken back in either never does", async () => {
  await using open = await openPage(browser, { signedIn: hub, serviceWorkers: "allow" });
  const { page: one, context } = open;
  const two = await context.newPage();
  await chat(one);
  await one.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await chat(two);
  await context.setOffline(true);
  await one.getByText("You are offline").waitFor();
  await two.getByText("You are offline").waitFor();
  await say(one, "first, from the left");
  await say(two, "second, from the right");
  await say(one, "third, taken back");
  await say(two, "fourth, from the right");
  await two.getByText("4 prompts wait to be sent").waitFor();
  await waiting(two)
    .getByRole("button", { name: /and 2 more/ })
    .click();
  await waiting(two).locator("li", { hasText: "taken back" }).getByRole("button", { name: "Cancel this prompt" }).click();
  await one.getByText("3 prompts wait to be sent").waitFor();
  await context.setOffline(false);
  await hub.seen(() => posts().length === 3);
  for (const page of [one, two]) await waiting(page).getByText("Waits for its turn").nth(1).waitFor();
  expect(textsOf(posts())).toEqual(["first, from the left", "second, from the right", "fourth, from the right"]);
});

test("a refused prompt keeps its words and the reason, and can be tried again, edited or discarded", async () => {
  await using open = await openPage(browser, { signedIn: hub });
  const { page } = open;
  await chat(page, IDLE);
  const refuse = (): void => hub.failNext("/messages", 413, { error: "The request is too large", code: "body_too_large" });
  refuse();
  await say(page, "too much for the hub");
  const row = waiting(page).locator("li", { hasText: "too much for the hub" });
  await row.getByText("Not sent: The request is too large").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.reload();
  await row.getByText("Not sent: The request is too large").waitFor();
  expect(posts()).toHaveLength(1);
  await row.getByRole("button", { name: "Send again" }).click();
  await page.getByRole("article", { name: "You" }).filter({ hasText: "too much for the hub" }).waitFor();
  refuse();
  await say(page, "to be edited");
  const second = waiting(page).locator("li", { hasText: "to be edited" });
  await second.getByText("Not sent").waitFor();
  await second.getByRole("button", { name: "Edit this prompt" }).click();
  await page.waitForFunction(() => document.querySelector("textarea")?.value === "to be edited");
  await second.waitFor({ state: "detached" });
  refuse();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await second.getByText("Not sent").waitFor();
  await second.getByRole("button", { name: "Discard this prompt" }).click();
  await second.waitFor({ state: "detached" });
  await page.reload();
  await page.getByText("I'll count in cents instead").waitFor();
  expect(await page.getByText("to be edited").count()).toBe(0);
});

test("a device that takes no prompt says so, and the words stay in the field", async () => {
  await using open = await openPage(browser, { signedIn: hub });
  const { page } = open;
  await page.addInitScript(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (value, key) {
      if (this.name === "outbox") throw new DOMException("full", "QuotaExceededError");
      return put.call(this, value, key);
    };
  });
  await chat(page, IDLE);
  await field(page).fill("nowhere to keep this");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText(/This device has no room to keep the prompt/).waitFor();
  expect(await field(page).inputValue()).toBe("nowhere to keep this");
  expect(posts()).toEqual([]);
  expect(await axe(page)).toEqual([]);
});

test("a browser without a database sends all the same, and asks to keep the page open while something waits", async () => {
  await using open = await openPage(browser, { signedIn: hub });
  const { page, context } = open;
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("not here", "SecurityError");
    };
  });
  await chat(page, IDLE);
  await context.setOffline(true);
  await say(page, "only in this page");
  await page.getByText("1 prompt waits to be sent. Keep this page open: this browser can't store them").waitFor();
  expect(await axe(page)).toEqual([]);
  await context.setOffline(false);
  await hub.seen(() => posts().length > 0);
  await page.getByRole("article", { name: "You" }).filter({ hasText: "only in this page" }).waitFor();
  expect(textsOf(posts())).toEqual(["only in this page"]);
});
