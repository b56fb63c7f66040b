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

test("a link with its token behind the # signs in: the token is in no request, and gone from the address", async () => {
  await using open = await openPage(world.browser);
  const { page } = open;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${world.hub.url}/inbox#token=${world.hub.token}`, { waitUntil: "commit" });
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  expect(new URL(page.url()).hash).toBe("");
  expect(asked.filter((url) => url.split("#")[0]!.includes(world.hub.token))).toEqual([]);
});

test("a link with a token that the hub does not take signs nobody out", async () => {
  await using open = await openPage(world.browser, { signedIn: world.hub });
  const { page } = open;
  await page.goto(`${world.hub.url}/inbox?token=garbage`);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await page.getByText("You are still signed in as before").waitFor();
  expect(await page.evaluate(() => localStorage.getItem(`hapi_access_token::${location.origin}`))).toBe(world.hub.token);
});

describe.each([
  ["phone", "light"],
  ["desk", "dark"],
] as [Size, Scheme][])("a link to another hub on a %s, %s", (size, scheme) => {
  const begin = async (options: { signedIn?: typeof world.hub }) => {
    const open = await openPage(world.browser, { size, scheme, ...options });
    const elsewhere: string[] = [];
    await open.page.route("https://evil.example/**", (route) => {
      elsewhere.push(route.request().url());
      return route.abort();
    });
    const used = () => open.page.evaluate(() => localStorage.getItem("hapi_hub_url"));
    return { open, elsewhere, used, dialog: open.page.getByRole("dialog", { name: "Use another hub?" }) };
  };

  test("asks one who is signed in, and staying changes nothing", async () => {
    const { open, elsewhere, used, dialog } = await begin({ signedIn: world.hub });
    await using _ = open;
    const { page } = open;
    await page.goto(`${world.hub.url}/inbox?hub=https://evil.example&token=theirs`);
    await dialog.getByText("https://evil.example").waitFor();
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole("button", { name: /^Stay with/ }).click();
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    expect([elsewhere, await used()]).toEqual([[], null]);
  });

  test("asks one who is to sign in, before a token is typed", async () => {
    const { open, elsewhere, used, dialog } = await begin({});
    await using _ = open;
    const { page } = open;
    await page.goto(`${world.hub.url}/?hub=https://evil.example`);
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await page.getByLabel("Access token").waitFor();
    expect([elsewhere, await used()]).toEqual([[], null]);
    await page.goto(`${world.hub.url}/?hub=https://evil.example&x`);
    await dialog.getByRole("button", { name: "Switch" }).click();
    await page.getByText("Hub: evil.example").waitFor();
    expect(await used()).toBe("https://evil.example");
  });
});

describe("why the hub refused a sign-in is said", () => {
  const refused = [
    ["credential_revoked", "This sign-in was revoked; sign in again", "This device's sign-in was revoked."],
    ["credential_revoked", "It was used from two places", "It was used from two places"],
    ["credential_expired", "This sign-in is over; sign in again", "This device's sign-in has run out."],
    ["legacy_access_off", "This hub takes no shared token any more", "switched the shared token off"],
    ["code_refused", "This code is wrong, used or too old", "This code is wrong, was used already"],
    ["invalid_access_token", "Invalid access token", "the hub no longer accepts the token"],
  ] as const;
  test.each(refused)("to who was signed in: %s, %s", async (code, error, words) => {
    await using open = await openPage(world.browser, { signedIn: world.hub });
    world.hub.failNext("/api/auth", 401, { code, error });
    await open.page.goto(world.hub.url);
    await open.page.getByText(words).waitFor();
    expect(await axe(open.page)).toEqual([]);
    expect(open.problems).toEqual([]);
  });
  test.each(refused.slice(0, -1))("to who signs in: %s, %s", async (code, error, words) => {
    await using open = await openPage(world.browser);
    world.hub.failNext("/api/auth", 401, { code, error });
    await open.page.goto(world.hub.url);
    await open.page.getByLabel("Access token").fill("ABCD-EFGH-JKMN");
    await open.page.keyboard.press("Enter");
    await open.page.getByRole("alert").getByText(words).waitFor();
    expect(open.problems).toEqual([]);
  });
});
