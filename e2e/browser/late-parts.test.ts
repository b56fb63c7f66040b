/**
 * A part of the page that can't be fetched when it is first shown, because the hub is away or has another version: its place says so, nothing
 * else on the page is lost, and it comes by itself.
 */
import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { button, field, fieldHas, lastMessage, openChat } from "./chat-page.ts";
import { FAILED, IDLE } from "./fixture-data.ts";
import { openPage } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

const WORD = "This part comes when the hub can be reached again";
const BROKEN = "This page has a problem";

/** The hub does not answer for these files; @returns what makes it answer again. */
async function withhold(page: Page, parts: RegExp): Promise<() => Promise<void>> {
  await page.route(parts, (route) => route.abort("connectionrefused"));
  return () => page.unroute(parts);
}

/** As when the network of this device comes back: said by the browser itself. */
const networkIsBack = (page: Page): Promise<boolean> => page.evaluate(() => window.dispatchEvent(new Event("online")));

function asks(): void {
  world.hub.change(IDLE, (session) => ({
    ...session,
    agentStateVersion: session.agentStateVersion + 1,
    agentState: {
      requests: {
        "req-9": { tool: "Bash", kind: "permission", arguments: { command: "rm -rf build" }, createdAt: Date.now() - 60_000 },
      },
    },
  }));
}

test("parts of a chat wait for the connection; what was typed stays, and everything comes by itself", async () => {
  asks();
  await using open = await openPage(world.browser, { size: "phone", signedIn: world.hub });
  const { page } = open;
  const give = await withhold(page, /assets\/(request-card|extras|rare-rows|tool-body|facts|control-menu|announcer|markdown-blocks)-/);
  await page.goto(`${world.hub.url}/sessions/${IDLE}`);
  await lastMessage(page).waitFor();
  await field(page).fill("half a thought");
  // in the card's place, and once for all that is missing around the field
  await page.getByText(WORD).nth(1).waitFor();
  expect(await page.getByText(BROKEN).count()).toBe(0);
  await give();
  await networkIsBack(page);
  await button(page, "Allow").waitFor();
  await page.getByText(WORD).first().waitFor({ state: "detached" });
  await fieldHas(page, "half a thought");
  expect(open.problems).toEqual([]);
});

test("a screen, a sheet and a row's inside wait in the same way", async () => {
  await using open = await openChat(world, FAILED);
  const { page } = open;
  await field(page).fill("half a thought");
  const give = await withhold(page, /assets\/(details-sheet|inbox-screen|inbox-items)-/);
  await button(page, "Session details").click();
  await page.getByText(WORD).waitFor();
  await fieldHas(page, "half a thought");
  await give();
  await networkIsBack(page);
  await page.getByRole("dialog", { name: "Session" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const giveInbox = await withhold(page, /assets\/inbox-(screen|items)-/);
  await button(page, "Back").click();
  await page.getByRole("link", { name: /^Inbox/ }).click();
  await page.getByRole("main").getByText(WORD).waitFor();
  expect(await page.getByText(BROKEN).count()).toBe(0);
  await giveInbox();
  await networkIsBack(page);
  await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
  expect(open.problems).toEqual([]);
});

test("a part that the hub has no more is said to be gone, with the way to its successor", async () => {
  await using open = await openChat(world, IDLE);
  const { page } = open;
  await page.route(/assets\/inbox-(screen|items)-/, (route) => route.fulfill({ status: 404, body: "Not found" }));
  await button(page, "Back").click();
  await page.getByRole("link", { name: /^Inbox/ }).click();
  await page.getByText("This part of the page is not there any more: HAPI was updated").waitFor();
  await page.unrouteAll();
  await button(page.getByRole("main"), "Reload").click();
  await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
});
