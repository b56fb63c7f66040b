/** Everything locked from a phone that is elsewhere, on a real hub with a session at work: every page says so, prompts wait, and go once it is unlocked here. */
import { describe, expect, test } from "bun:test";
import { credentialCalls } from "@hapi/client/credentials";
import type { Page } from "playwright-core";
import { button, field, look, promptWith, queued, say } from "./chat-page.ts";
import { axe, LOOKS, openPage } from "./harness.ts";
import { realWorld } from "./worlds.ts";

const world = realWorld();
const note = (page: Page) => page.getByRole("status").getByText("Everything is locked");

describe.each(LOOKS)("on a %s, %s", (size, scheme) => {
  test("one tap and a word locks; what was written waits and is sent after unlocking and signing in anew", async () => {
    const { hub, browser } = world;
    const calls = credentialCalls(hub.api);
    await using here = await openPage(browser, { size, scheme, signedIn: hub });
    await using phone = await openPage(browser, { size, scheme, locale: "en-GB" });
    await phone.context.setExtraHTTPHeaders({ "x-forwarded-for": "203.0.113.7" });
    await here.page.goto(`${hub.url}/sessions/${hub.demoId}`);
    await phone.page.goto(`${hub.url}/#token=${(await calls.makeCode("admin")).code}`);
    await phone.page.locator(`[data-session-row="${hub.demoId}"]`).waitFor();
    // Two tabs of it: in one the chat is open.
    const chat = await phone.context.newPage();
    await chat.goto(`${hub.url}/sessions/${hub.demoId}`);
    await field(chat).waitFor();
    await phone.page.goto(`${hub.url}/settings`);
    await button(phone.page, "Lock…").click();
    const sheet = phone.page.getByRole("dialog", { name: "Lock everything?" });
    await sheet.getByText("nobody can answer").waitFor();
    await look(phone.page, "lock-sheet");
    expect(await axe(phone.page)).toEqual([]);
    await button(sheet, "Lock everything").click();
    await phone.page.getByText("It is unlocked on the hub's own computer").waitFor();
    await note(here.page).waitFor();
    await look(here.page, "lock-chat-here");
    await look(phone.page, "lock-settings");
    await button(phone.page, "Unlock").click();
    await phone.page.getByText(/^Unlock: This hub is locked/).waitFor();
    await note(chat).waitFor();
    const text = `written while locked, ${size}`;
    await say(chat, text);
    await queued(chat, text).waitFor();
    await look(chat, "lock-chat");
    expect(await axe(chat)).toEqual([]);

    await here.page.goto(`${hub.url}/settings`);
    await button(here.page, "Unlock").click();
    await button(here.page, "Lock…").waitFor();
    await here.page.goto(`${hub.url}/sessions/${hub.demoId}`);
    await phone.page.reload();
    // Both tabs have one sign-in: the one that hears it first forgets it, and says why; the other finds none.
    const revoked = [chat, phone.page].map((page) => page.getByText("This device's sign-in was revoked").waitFor());
    await Promise.any(revoked);
    await phone.page.getByLabel("Access token").fill((await calls.makeCode("operator")).code);
    await phone.page.keyboard.press("Enter");
    await promptWith(here.page, text).waitFor();
    expect([here.problems, phone.problems]).toEqual([[], []]);
  }, 240_000);
});

test("in Chinese", async () => {
  await using open = await openPage(world.browser, { signedIn: world.hub, locale: "zh-CN" });
  await open.page.goto(`${world.hub.url}/settings`);
  await button(open.page, "锁定…").click();
  await open.page.getByRole("dialog", { name: "锁定一切？" }).waitFor();
  await look(open.page, "lock-sheet-zh");
  expect(open.problems).toEqual([]);
}, 120_000);
