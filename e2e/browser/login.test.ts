/** Signing in: by hand, by link, with a wrong token, without a hub; and out again. */
import { describe, expect, test } from "bun:test";
import { axe, openPage, type Scheme, type Size } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

describe.each([
  ["phone", "light"],
  ["phone", "dark"],
  ["desk", "light"],
  ["desk", "dark"],
] as [Size, Scheme][])("signing in on a %s, %s", (size, scheme) => {
  test("a wrong token is named as such, the right one opens the list", async () => {
    await using open = await openPage(world.browser, { size, scheme });
    const { page } = open;
    await page.goto(world.hub.url);
    await page.getByLabel("Access token").fill("not the token");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("does not know this token").waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByLabel("Access token").fill(`  ${world.hub.token} `);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page
      .getByRole("link", { name: /Fix rounding/ })
      .first()
      .waitFor();
    expect(await axe(page)).toEqual([]);
    expect(open.problems).toEqual([]);
  });
});

test("a link signs in, and its token is gone from the address at once", async () => {
  await using open = await openPage(world.browser);
  const { page } = open;
  await page.goto(`${world.hub.url}/inbox?token=${world.hub.token}&x=1`, { waitUntil: "commit" });
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  expect(new URL(page.url()).search).toBe("?x=1");
  const stored = await page.evaluate(() => localStorage.getItem(`hapi_access_token::${location.origin}`));
  expect(stored).toBe(world.hub.token);
  const addresses = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
  expect(addresses.filter((address) => address.includes(world.hub.token))).toEqual([]);
});

test("where one wanted to go is where signing in leads", async () => {
  await using open = await openPage(world.browser);
  const { page } = open;
  await page.goto(`${world.hub.url}/machines`);
  await page.getByLabel("Access token").fill(world.hub.token);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Machines", level: 1 }).waitFor();
});

test("a hub that does not answer is not a wrong token", async () => {
  await using open = await openPage(world.browser);
  const { page } = open;
  await page.goto(world.hub.url);
  await page.route("**/api/auth", (route) => route.abort());
  await page.getByLabel("Access token").fill(world.hub.token);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("does not answer").waitFor();
});

test("signing out forgets the token and what was kept", async () => {
  await using open = await openPage(world.browser, { signedIn: world.hub });
  const { page } = open;
  await page.goto(`${world.hub.url}/more`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Access token").waitFor();
  expect(await page.evaluate(() => localStorage.getItem(`hapi_access_token::${location.origin}`))).toBeNull();
});
