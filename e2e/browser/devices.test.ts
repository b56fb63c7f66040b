/** Who may come in, on a real hub: a code made on one browser signs another in, which sees what it may, until it is revoked. */
import { describe, expect, test } from "bun:test";
import { createHubApi } from "@hapi/client";
import { credentialCalls } from "@hapi/client/credentials";
import type { Page } from "playwright-core";
import { look } from "./chat-page.ts";
import { axe, LOOKS, openPage } from "./harness.ts";
import { realWorld } from "./worlds.ts";

const world = realWorld();

/** What the hub reads out of the name Chromium without a screen gives itself. */
const BROWSER = /Safari|Chrome/;

const row = (page: Page, name: string | RegExp) =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, level: 3 }) });

/** As a person does it. @returns the code on the screen */
async function makeCode(page: Page, role: string): Promise<string> {
  await page.getByRole("button", { name: "Pair a device" }).click();
  const sheet = page.getByRole("dialog", { name: "Pair a device" });
  await sheet.getByRole("radio", { name: new RegExp(`^${role}`) }).check({ force: true });
  await look(page, "devices-role");
  await sheet.getByRole("button", { name: "Make a code" }).click();
  await sheet.getByRole("img", { name: "QR code of the sign-in link" }).waitFor();
  return sheet.getByLabel("One-time code").innerText();
}

const openDevices = async (page: Page): Promise<void> => {
  await page.goto(`${world.hub.url}/settings`);
  await page.getByRole("link", { name: /^Devices/ }).click();
  await page.getByRole("heading", { name: "Devices", level: 1 }).waitFor();
};

describe.each(LOOKS)("on a %s, %s", (size, scheme) => {
  test("a code lets one device in, which sees what it may, and is out within a second of being revoked", async () => {
    await using owner = await openPage(world.browser, { size, scheme, signedIn: world.hub });
    await using guest = await openPage(world.browser, { size, scheme });
    await openDevices(owner.page);
    await row(owner.page, "Shared token").getByText("This device").waitFor();
    await look(owner.page, "devices-none");

    const code = await makeCode(owner.page, "Approver");
    expect(code).toMatch(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/);
    await owner.page.getByText(/Good for (10:00|9:5\d), once/).waitFor();
    await owner.page.getByText("is this computer only").waitFor();
    await look(owner.page, "devices-code");

    await guest.page.goto(`${world.hub.url}/#token=${code}`);
    await guest.page.locator(`[data-session-row="${world.hub.demoId}"]`).waitFor();
    await owner.page.getByText(/” is signed in$/).waitFor();
    await look(owner.page, "devices-used");
    await owner.page.getByRole("button", { name: "Done", exact: true }).click();
    await owner.page
      .getByText(/“.*” signed in for the first time/)
      .first()
      .waitFor();
    const paired = row(owner.page, BROWSER);
    await paired.getByText("Approver").waitFor();
    await paired.getByRole("button", { name: /^Rename: / }).click();
    await owner.page.getByRole("dialog").getByLabel("Name").fill("Chrome in the kitchen");
    await look(owner.page, "devices-rename");
    await owner.page.keyboard.press("Enter");
    await row(owner.page, "Chrome in the kitchen").getByText("Approver").waitFor();
    await owner.page.getByRole("dialog").waitFor({ state: "detached" });
    await look(owner.page, "devices-list");

    await guest.page.goto(`${world.hub.url}/settings/devices`);
    await guest.page.getByText("This sign-in may not see who may come in").waitFor();
    expect(await guest.page.getByRole("button", { name: "Pair a device" }).count()).toBe(0);
    await look(guest.page, "devices-forbidden");

    await paired.getByRole("button", { name: /^Revoke: / }).click();
    await look(owner.page, "devices-revoke");
    await owner.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await paired.getByRole("button", { name: /^Revoke: / }).click();
    await owner.page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
    await guest.page.getByText("This device's sign-in was revoked").waitFor();
    await look(guest.page, "devices-revoked-login");
    await owner.page.getByRole("button", { name: /^Show \d+ that/ }).click();
    await owner.page
      .getByText(/^Revoked /)
      .first()
      .waitFor();
    expect(await axe(owner.page)).toEqual([]);

    // used once, it is good for nobody
    await guest.page.getByLabel("Access token").fill(code);
    await guest.page.keyboard.press("Enter");
    await guest.page.getByRole("alert").getByText("This code is wrong, was used already").waitFor();
    expect([owner.problems, guest.problems]).toEqual([[], []]);
  }, 240_000);
});

test("a code that nobody used says so when its ten minutes are over", async () => {
  await using open = await openPage(world.browser, { signedIn: world.hub });
  const { page } = open;
  await page.clock.install();
  await openDevices(page);
  const unwanted = await makeCode(page, "Viewer");
  await page.getByRole("button", { name: "Withdraw" }).click();
  await page.getByText("The code is withdrawn").waitFor();
  const tried = await fetch(`${world.hub.url}/api/auth/code`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code: unwanted }),
  });
  expect(tried.status).toBe(401);
  const first = await makeCode(page, "Viewer");
  await page.clock.fastForward("10:01");
  await page.getByText("This code is over").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Make another" }).click();
  await page.getByRole("button", { name: "Make a code" }).click();
  expect(await page.getByLabel("One-time code").innerText()).not.toBe(first);
  expect(open.problems).toEqual([]);
}, 120_000);

test("all others are revoked at once; the shared token is switched off and on, and whoever came in with it is told", async () => {
  const shared = credentialCalls(world.hub.api);
  const { code } = await shared.makeCode("admin");
  const spare = { secret: (await shared.makeCode("admin")).code };
  const admin = createHubApi({ baseUrl: world.hub.url, accessToken: () => spare.secret, onRenewed: (secret) => (spare.secret = secret) });
  await credentialCalls(admin).list();
  const program = await admin.request("POST", "/api/credentials", { body: { kind: "integration", name: "build server", role: "viewer" } });
  expect(program).toMatchObject({ credential: { name: "build server" } });
  let isOff = false;
  try {
    await using owner = await openPage(world.browser, { size: "desk", scheme: "dark" });
    await using other = await openPage(world.browser, { signedIn: world.hub, locale: "zh-CN" });
    await owner.page.goto(`${world.hub.url}/#token=${code}`);
    await other.page.goto(world.hub.url);
    await other.page.locator(`[data-session-row="${world.hub.demoId}"]`).waitFor();
    await openDevices(owner.page);
    await row(owner.page, BROWSER).filter({ hasText: "This device" }).waitFor();
    await row(owner.page, "build server").getByText("Program").waitFor();
    await look(owner.page, "devices-many");

    await row(owner.page, "Shared token")
      .getByRole("button", { name: /^Switch off/ })
      .click();
    await owner.page.getByRole("dialog").getByText("signed out within a second").waitFor();
    isOff = true;
    await owner.page.getByRole("dialog").getByRole("button", { name: "Switch off" }).click();
    await other.page.getByText("已停用共享令牌").waitFor();
    await look(other.page, "devices-shared-off");
    await row(owner.page, "Shared token").getByText("Off: nobody comes in with it.").waitFor();
    expect(await axe(owner.page)).toEqual([]);
    await row(owner.page, "Shared token").getByRole("button", { name: "Switch on" }).click();
    await row(owner.page, "Shared token")
      .getByRole("button", { name: /^Switch off/ })
      .waitFor();
    isOff = false;

    await owner.page.getByRole("button", { name: "Revoke all others" }).click();
    await owner.page.getByRole("dialog").getByRole("button", { name: "Revoke all others" }).click();
    await owner.page.getByText(/\d sign-ins? revoked/).waitFor();
    await row(owner.page, "build server").waitFor({ state: "detached" });
    const left = await shared.list();
    expect(left.filter(({ revokedAt }) => revokedAt === null).map(({ kind }) => kind)).toEqual(["legacy", "device"]);
    expect([owner.problems, other.problems]).toEqual([[], []]);
  } finally {
    // what ends the hub comes in with it
    if (isOff) await credentialCalls(admin).setRole("legacy", null);
  }
}, 240_000);
