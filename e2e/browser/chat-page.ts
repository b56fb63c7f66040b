/** A chat as a person finds it on the page: the field, what waits, their own prompts; and how one opens it and says something. */
import { expect } from "bun:test";
import type { Session } from "@hapi/protocol";
import type { Locator, Page } from "playwright-core";
import type { FixtureHub } from "./fixture-hub.ts";
import { axe, openPage, type OpenOptions, type OpenPage } from "./harness.ts";
import type { World } from "./worlds.ts";

/** The last that was said in every chat of the scripted hub: with it the conversation is there. */
export const lastMessage = (page: Page): Locator => page.getByText("I'll count in cents instead");
export const field = (page: Page): Locator => page.getByRole("textbox", { name: "Message", exact: true });
/** The prompts that are not with the agent yet. */
export const queue = (page: Page): Locator => page.getByRole("region", { name: /prompts? waits?/ });
export const queued = (page: Page, text: string): Locator => queue(page).locator("li", { hasText: text });
/** A prompt in the conversation. */
export const promptWith = (page: Page, text: string): Locator => page.getByRole("article", { name: "You" }).filter({ hasText: text });
export const button = (scope: Page | Locator, name: string | RegExp): Locator =>
  scope.getByRole("button", { name, exact: typeof name === "string" });

export async function say(page: Page, text: string): Promise<void> {
  await field(page).fill(text);
  await button(page, "Send").click();
  await fieldHas(page, "");
}

/** A card does not take a tap in its first moment, nor right after something scrolled, and says so: the way of a person is to tap again. */
export async function decide(button: Locator, until: Locator): Promise<void> {
  const held = button.page().getByText("Not taken: this had just moved under your finger");
  for (let tries = 0; tries < 50; tries += 1) {
    await button.click();
    await until.or(held).first().waitFor();
    if (!(await held.isVisible())) break;
  }
  await until.waitFor();
}

/** Without waiting for the page's own next try, which may come first. */
export async function tryNow(page: Page): Promise<void> {
  await page.evaluate(() => [...document.querySelectorAll("button")].find((one) => one.textContent === "Try now")?.click());
}

export async function fieldHas(page: Page, text: string): Promise<void> {
  await page.waitForFunction((wanted) => document.querySelector("textarea")?.value === wanted, text);
}

export async function goToChat(page: Page, hub: FixtureHub, id: string): Promise<void> {
  await page.goto(`${hub.url}/sessions/${id}`);
  await lastMessage(page).waitFor();
}

/** The session, as an agent that can do this would tell it. */
export function able(hub: FixtureHub, id: string, capabilities: Record<string, unknown>, more: Partial<Session> = {}): Session {
  return hub.change(id, (session) => ({ ...session, ...more, metadata: { ...session.metadata!, capabilities } }));
}

/** A page of its own, signed in, with this chat. */
export async function openChat({ browser, hub }: World<FixtureHub>, id: string, options: OpenOptions = {}): Promise<OpenPage> {
  const open = await openPage(browser, { ...options, signedIn: hub });
  await goToChat(open.page, hub, id);
  return open;
}

/** Nothing on the page that axe would name; and a picture for one's own eyes (`HAPI_SHOTS=folder`). */
export async function look(page: Page, name: string): Promise<void> {
  expect(await axe(page)).toEqual([]);
  const folder = process.env["HAPI_SHOTS"];
  if (folder) await page.screenshot({ path: `${folder}/${name}-${page.viewportSize()?.width}.png` });
}
