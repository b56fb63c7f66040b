/** Every state on every screen: list, header, home and inbox say the same word, in both languages; what a person must do is said where waiting won't help. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { sessionStatus, sessionSummary, statusWord } from "@hapi/core";
import { STATUS_CASES } from "@hapi/testkit";
import type { Browser, Page } from "playwright-core";
import { startFixtureHub, type FixtureHub } from "./fixture-hub.ts";
import { axe, launchBrowser, openPage, settled, type Size, WEB_ROOT } from "./harness.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function withStates(run: (hub: FixtureHub) => Promise<void>): Promise<void> {
  const hub = startFixtureHub({ webRoot: WEB_ROOT, scenario: "states" });
  try {
    await run(hub);
  } finally {
    await hub.stop();
  }
}

const open = (hub: FixtureHub, size: Size, locale = "en-GB") => openPage(browser, { size, locale, signedIn: hub });
const english = (what: string): string => {
  const one = STATUS_CASES.find((candidate) => candidate.what === what);
  if (!one) throw new Error(`no case for ${what}`);
  return statusWord(sessionStatus(sessionSummary(one.session(Date.now()))));
};
const titleOf = (what: string): string => STATUS_CASES.find((one) => one.what === what)?.session(0).metadata?.name ?? "";

const escaped = (text: string): string => text.replaceAll(/[()]/g, "\\$&");

/** Everything in the list, the folded sections too. */
async function unfold(page: Page): Promise<void> {
  const list = page.getByRole("region", { name: /Sessions|会话/ });
  await list.getByRole("link", { name: new RegExp(titleOf("waiting")) }).waitFor();
  await list.getByRole("button", { name: /Show archived|显示已归档/ }).click();
  const folded = list.locator('button[aria-expanded="false"][class*="font-strong"]');
  while ((await folded.count()) > 0) await folded.first().click();
  await settled(page);
}

test("list, home, inbox and header of a desk say the word of the one model", () =>
  withStates(async (hub) => {
    await using opened = await open(hub, "desk");
    const { page } = opened;
    await page.goto(hub.url);
    await unfold(page);
    const list = page.getByRole("region", { name: "Sessions" });
    const main = page.getByRole("main");
    for (const { what } of STATUS_CASES) {
      const row = list.getByRole("link", { name: new RegExp(`^${titleOf(what)}`) });
      await row.scrollIntoViewIfNeeded();
      expect([what, await row.innerText()]).toEqual([what, expect.stringContaining(english(what))]);
    }
    const inbox = await main.getByRole("article").innerText();
    expect(inbox).toMatch(new RegExp(`${titleOf("waiting")}[\\s\\S]*${escaped(english("waiting"))}`));
    const home = await main.innerText();
    for (const { what } of STATUS_CASES.filter((one) => one.what !== "archived" && one.what !== "waiting")) {
      // title, path, then the word
      expect([what, home]).toEqual([
        what,
        expect.stringMatching(new RegExp(`${titleOf(what)}\\s(?:[^\\n]*\\n){1,4}\\s*${escaped(english(what))}`)),
      ]);
    }
    expect(await axe(page)).toEqual([]);
    for (const { what, session } of STATUS_CASES) {
      // opened last, because what was looked at is seen
      await page.goto(`${hub.url}/sessions/${session(0).id}`);
      const header = page.locator("main header");
      await header.getByRole("heading", { name: titleOf(what) }).waitFor();
      const quiet: Record<string, string> = { done: english("idle") };
      await header
        .getByText(quiet[what] ?? english(what))
        .first()
        .waitFor();
      await page.waitForFunction((title) => document.title === title, `(2) ${titleOf(what)} · HAPI`);
    }
    expect(opened.problems).toEqual([]);
  }));

test("the inbox tells a failed turn and one nobody can tell of, until somebody has seen it; the hub is told, and so every device", () =>
  withStates(async (hub) => {
    await using opened = await open(hub, "phone");
    const { page } = opened;
    await page.goto(`${hub.url}/inbox`);
    const main = page.getByRole("main");
    await main.getByText("Invalid API key").waitFor();
    await main.getByText(english("unknown")).waitFor();
    await using other = await open(hub, "desk");
    await other.page.goto(`${hub.url}/inbox`);
    await other.page.getByRole("main").getByText("Invalid API key").waitFor();
    await main.getByRole("button", { name: "Seen" }).first().click();
    await main.getByText("Invalid API key").waitFor({ state: "detached" });
    await hub.received(/^PUT .*\/seen/);
    await other.page.getByRole("main").getByText("Invalid API key").waitFor({ state: "detached" });
    expect([...opened.problems, ...other.problems]).toEqual([]);
  }));

test.each([
  ["en-GB", "Sign Demo in on laptop, then retry"],
  ["zh-CN", "请先在 laptop 上登录 Demo 再重试"],
])("after a failure that waiting can't cure the header says what to do (%s)", (locale, words) =>
  withStates(async (hub) => {
    await using opened = await open(hub, "phone", locale);
    const { page } = opened;
    const failed = STATUS_CASES.find((one) => one.what === "failed")?.session(0).id ?? "";
    await page.goto(`${hub.url}/sessions/${failed}`);
    await page.locator("main header").getByText(words).waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(opened.problems).toEqual([]);
  }),
);

test("mode and model are on screen, loud where nothing is asked; a hidden list still says that something waits", () =>
  withStates(async (hub) => {
    await using opened = await open(hub, "desk");
    const { page } = opened;
    const idle = STATUS_CASES.find((one) => one.what === "idle")?.session(0).id ?? "";
    await page.goto(`${hub.url}/sessions/${idle}`);
    const header = page.locator("main header");
    await header.getByRole("img", { name: "Model: demo-large · Permission mode: Ask first" }).waitFor();
    hub.change(idle, (session) => ({ ...session, permissionMode: "bypassPermissions" }));
    const loud = header.getByRole("img", { name: /Permission mode: Allow everything/ });
    await loud.waitFor();
    expect(await loud.getAttribute("class")).toContain("text-failed");
    await page.getByRole("button", { name: "Hide the session list" }).click();
    await page.getByRole("link", { name: "2 wait for you" }).waitFor();
    expect(await axe(page)).toEqual([]);
  }));

test("without the hub everything says how old it is, and no machine is online", () =>
  withStates(async (hub) => {
    await using opened = await open(hub, "desk");
    const { page } = opened;
    await page.goto(`${hub.url}/machines`);
    const main = page.getByRole("main");
    await main.getByText("Online").waitFor();
    hub.setReachable(false);
    await main
      .getByText(/last heard/)
      .first()
      .waitFor();
    expect(await main.getByText("Online").count()).toBe(0);
    const working = page.getByRole("region", { name: "Sessions" }).getByRole("link", { name: new RegExp(`^${titleOf("working")}`) });
    await working.getByText(/last heard/).waitFor();
    expect(await working.innerText()).toMatch(/Working[\s\S]*last heard/);
    expect(await working.locator(".animate-turn").count()).toBe(0);
    hub.setReachable(true);
    await main.getByText("Online").waitFor();
  }));
