/** The session list: every state in words, live, searchable, by keyboard, at 0, 10,000 and hostile sessions. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type FixtureHub, startFixtureHub } from "./fixture-hub.ts";
import { axe, launchBrowser, openPage, LOOKS, settled, WEB_ROOT } from "./harness.ts";
import { IDLE, type Scenario } from "./fixture-data.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function withHub(scenario: Scenario, run: (hub: FixtureHub) => Promise<void>): Promise<void> {
  const hub = startFixtureHub({ webRoot: WEB_ROOT, scenario });
  try {
    await run(hub);
  } finally {
    await hub.stop();
  }
}

describe.each(LOOKS)("the list on a %s, %s", (size, scheme) => {
  test("says in words what each session does, what waits on top, and follows changes", () =>
    withHub("everyday", async (hub) => {
      await using open = await openPage(browser, { size, scheme, signedIn: hub });
      const { page } = open;
      await page.goto(hub.url);
      const list = page.getByRole("region", { name: "Sessions" });
      await list.getByRole("heading", { name: /Waits for you/ }).waitFor();
      const rows = await list.getByRole("link").allInnerTexts();
      expect(rows[0]).toMatch(/audit log[\s\S]*Waiting[\s\S]*Answer a question/);
      expect(rows[1]).toMatch(/Fix rounding[\s\S]*Waiting[\s\S]*Approve a command/);
      expect(rows.join("\n")).toMatch(/Working[\s\S]*3 of 7 done/);
      expect(rows.join("\n")).toMatch(/Offline/);
      expect(rows.join("\n")).toMatch(/Failed/);
      await page.waitForFunction((title) => document.title === title, "(2) HAPI");
      hub.push({
        type: "session-updated",
        sessionId: IDLE,
        data: { thinking: true, updatedAt: Date.now() },
      });
      await list.getByRole("link", { name: /release notes.*Working/ }).waitFor();
      expect(await axe(page)).toEqual([]);
      expect(open.problems).toEqual([]);
    }));

  test("nothing is wider than the screen, whatever sessions are called", () =>
    withHub("hostile", async (hub) => {
      await using open = await openPage(browser, { size, scheme, signedIn: hub });
      const { page } = open;
      await page.goto(hub.url);
      await page
        .getByRole("link", { name: /not bold/ })
        .first()
        .waitFor();
      expect(await page.locator("b").count()).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      expect(await axe(page)).toEqual([]);
      expect(open.problems).toEqual([]);
    }));

  test("no session at all is an invitation", () =>
    withHub("empty", async (hub) => {
      await using open = await openPage(browser, { size, scheme, signedIn: hub });
      await open.page.goto(hub.url);
      await open.page.getByText("No sessions yet").first().waitFor();
      expect(await axe(open.page)).toEqual([]);
    }));
});

test("10,000 sessions: a page of rows in the document, and the search finds any", () =>
  withHub("many", async (hub) => {
    await using open = await openPage(browser, { size: "desk", signedIn: hub });
    const { page } = open;
    await page.goto(hub.url);
    const list = page.getByRole("region", { name: "Sessions" });
    await list.getByRole("link").first().waitFor();
    expect(await list.getByRole("link").count()).toBeLessThan(80);
    // The code that listens to keys comes behind the first rows: a person whose key did nothing presses it again.
    const isFound = () =>
      page
        .waitForFunction(() => document.activeElement instanceof HTMLInputElement, null, { timeout: 2_000 })
        .then(
          () => true,
          () => false,
        );
    do await page.keyboard.press("/");
    while (!(await isFound()));
    await page.keyboard.type("task 7777");
    await list.getByRole("link", { name: /Task 7777/ }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>("input[type=search]")?.value === "");
  }));

test("the keyboard alone: j, k, Enter, ?, g i, c, and the palette", () =>
  withHub("everyday", async (hub) => {
    await using open = await openPage(browser, { size: "desk", signedIn: hub });
    const { page } = open;
    await page.goto(hub.url);
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    await page
      .getByRole("region", { name: "Sessions" })
      .getByRole("link", { name: /audit log/ })
      .waitFor();
    await settled(page);
    await page.keyboard.press("j");
    expect(await focused()).toContain("audit log");
    await page.keyboard.press("j");
    expect(await focused()).toContain("Fix rounding");
    await page.keyboard.press("k");
    expect(await focused()).toContain("audit log");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/sessions\//);
    // on a desk the composer takes the keyboard; Escape gives it back
    await page.getByRole("textbox", { name: /message/i }).focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    await page.keyboard.press("ControlOrMeta+k");
    await page.getByRole("combobox").fill("flaky");
    await page.getByRole("option", { name: /flaky login/ }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.waitForURL(/0005/);
    expect(open.problems).toEqual([]);
  }));

test("rename, pin, archive and delete from the row's menu", () =>
  withHub("everyday", async (hub) => {
    await using open = await openPage(browser, { size: "phone", signedIn: hub });
    const { page } = open;
    await page.goto(hub.url);
    const menu = async (title: string, item: string): Promise<void> => {
      await page.getByRole("button", { name: `Actions for ${title}` }).click();
      await page.getByRole("menuitem", { name: item }).click();
    };
    await menu("Write the release notes for 2.4", "Rename");
    await page.getByRole("textbox", { name: "Name" }).fill("Notes for 2.4");
    expect(await axe(page)).toEqual([]);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: /^Notes for 2\.4/ }).waitFor();
    await menu("Notes for 2.4", "Archive");
    await page.getByLabel("Reason (optional)").fill("done");
    await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
    await page.getByRole("link", { name: /^Notes for 2\.4/ }).waitFor({ state: "detached" });
    expect(hub.calls(/\/archive/)[0]).toContain('{"reason":"done"}');
    await menu("Tidy the README", "Delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
    await page.getByRole("link", { name: /Tidy the README/ }).waitFor({ state: "detached" });
    hub.failNext("/pin", 409, { error: "Someone else changed this in the meantime", code: "version_conflict" });
    await menu("Move the importer to streams", "Pin to the top");
    await page.getByText("Someone else changed this").waitFor();
    expect(open.problems).toEqual([]);
  }));

test("10,000 sessions: the newest are there after 20 KB, the rest comes behind them in pages", async () => {
  const crowded = startFixtureHub({ webRoot: WEB_ROOT, scenario: "many" });
  try {
    await using open = await openPage(browser, { size: "phone", signedIn: crowded });
    const { page } = open;
    const lists: { cursor: string | null; bytes: number }[] = [];
    page.on("response", async (response) => {
      const url = new URL(response.url());
      if (url.pathname === "/api/sessions") lists.push({ cursor: url.searchParams.get("cursor"), bytes: (await response.body()).length });
    });
    await page.goto(crowded.url);
    await page.getByRole("link", { name: /Task 0:/ }).waitFor();
    const search = page.getByRole("searchbox", { name: "Search sessions" });
    await search.fill("Task 9999:");
    // the oldest of all, so every page has come
    await page.getByRole("link", { name: /Task 9999:/ }).waitFor({ timeout: 30_000 });
    const [first, ...rest] = lists;
    expect(first?.cursor).toBe("");
    expect(first?.bytes).toBeLessThanOrEqual(20 * 1024);
    expect(rest.length).toBeGreaterThan(10);
    for (const { cursor } of rest) expect(cursor).not.toBeNull();
    expect(open.problems).toEqual([]);
  } finally {
    await crowded.stop();
  }
}, 240_000);
