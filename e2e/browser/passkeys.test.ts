/** Passkeys on a real hub and in real Chromium, with an authenticator that its debugger lends: made, signed in with, named, deleted. */
import { expect, test } from "bun:test";
import { credentialCalls } from "@hapi/client/credentials";
import type { Page } from "playwright-core";
import { look } from "./chat-page.ts";
import { axe, LOOKS, openPage } from "./harness.ts";
import { realWorld } from "./worlds.ts";

const world = realWorld();
/** At an address of digits there are none. */
const hubUrl = (): string => world.hub.url.replace("127.0.0.1", "localhost");

interface Lent {
  /** Whether the person puts the right finger on it. */
  verify(is: boolean): Promise<void>;
  count(): Promise<number>;
}

async function lendAuthenticator(page: Page): Promise<Lent> {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      ...{ protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  return {
    verify: async (isUserVerified) => void (await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified })),
    count: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
  };
}

async function openDevices(page: Page): Promise<void> {
  await page.goto(`${hubUrl()}/settings/devices`);
  await page.getByRole("heading", { name: "Passkeys", level: 2 }).waitFor();
}

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const sheet = page.getByRole("dialog", { name: "Add a passkey" });
  await sheet.getByLabel("Name").fill(name);
  await look(page, "passkeys-add");
  await sheet.getByRole("button", { name: "Go on" }).click();
}

const passkey = (page: Page, name: string) =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, level: 3, exact: true }) });

async function signOut(page: Page): Promise<void> {
  await page.goto(`${hubUrl()}/settings`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
}

test.each(LOOKS)(
  "on a %s, %s, a passkey is made, signs in as a device of its own, is renamed and deleted",
  async (size, scheme) => {
    await using open = await openPage(world.browser, { size, scheme });
    const { page } = open;
    const lent = await lendAuthenticator(page);
    await page.goto(`${hubUrl()}/#token=${world.hub.token}`);
    await page.locator(`[data-session-row="${world.hub.demoId}"]`).waitFor();
    await openDevices(page);
    await look(page, "passkeys-none");
    await addPasskey(page, "Desk key");
    await passkey(page, "Desk key").getByText("never used").waitFor();
    expect(await lent.count()).toBe(1);
    await look(page, "passkeys-list");
    expect(await axe(page)).toEqual([]);

    // the same authenticator makes no second one
    await addPasskey(page, "Again");
    await page.getByText("has a passkey for this hub already").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    expect(await lent.count()).toBe(1);

    await signOut(page);
    await look(page, "passkeys-sign-in");
    expect(await axe(page)).toEqual([]);
    await lent.verify(false);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByRole("alert").getByText("No passkey was used").waitFor();
    await look(page, "passkeys-sign-in-none");
    await lent.verify(true);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.waitForURL((url) => !url.pathname.startsWith("/login"));

    await openDevices(page);
    const self = page.getByRole("listitem").filter({ hasText: "This device" });
    await self.getByText("Admin").waitFor();
    await passkey(page, "Desk key").getByText("last used").waitFor();
    await passkey(page, "Desk key")
      .getByRole("button", { name: /^Change/ })
      .click();
    const sheet = page.getByRole("dialog", { name: "Passkey" });
    await sheet.getByLabel("Name").fill("Key ring");
    await look(page, "passkeys-change");
    await sheet.getByRole("button", { name: "Save" }).click();
    await passkey(page, "Key ring")
      .getByRole("button", { name: /^Change/ })
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
    await passkey(page, "Key ring").waitFor({ state: "detached" });

    await signOut(page);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByRole("alert").getByText("does not know that passkey").waitFor();
    expect(open.problems).toEqual([]);
  },
  240_000,
);

test("who came in by a code is asked for the passkey before letting somebody else in, once; saying no does nothing", async () => {
  await using open = await openPage(world.browser);
  const { page } = open;
  await lendAuthenticator(page);
  await page.goto(`${hubUrl()}/#token=${world.hub.token}`);
  await page.locator(`[data-session-row="${world.hub.demoId}"]`).waitFor();
  await openDevices(page);
  await addPasskey(page, "Step-up key");
  await passkey(page, "Step-up key").waitFor();
  await signOut(page);
  const { code } = await credentialCalls(world.hub.api).makeCode("admin");
  await page.goto(`${hubUrl()}/#token=${code}`);
  await page.locator(`[data-session-row="${world.hub.demoId}"]`).waitFor();

  await openDevices(page);
  await page.getByRole("button", { name: "Pair a device" }).click();
  await page.getByRole("button", { name: "Make a code" }).click();
  const asking = page.getByRole("dialog", { name: "Is it you?" });
  await asking.waitFor();
  await look(page, "passkeys-prove");
  expect(await axe(page)).toEqual([]);
  await asking.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Prove that it is you with a passkey").waitFor();
  expect(await page.getByLabel("One-time code").count()).toBe(0);
  await page.getByRole("button", { name: "Make a code" }).click();
  await asking.getByRole("button", { name: "Use a passkey" }).click();
  expect(await page.getByLabel("One-time code").innerText()).toMatch(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/);
  await page.getByRole("dialog", { name: "Pair a device" }).getByRole("button", { name: "Close" }).last().click();

  // for five minutes it is not asked again
  await passkey(page, "Step-up key")
    .getByRole("button", { name: /^Change/ })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
  await passkey(page, "Step-up key").waitFor({ state: "detached" });
  expect(open.problems).toEqual([]);
}, 180_000);

test("where there can be none, the page says so in the person's language, and the sign-in offers none", async () => {
  await using open = await openPage(world.browser, { signedIn: world.hub, locale: "zh-CN" });
  await using out = await openPage(world.browser);
  await open.page.goto(`${world.hub.url}/settings/devices`);
  await open.page.getByText("通行密钥需要带 TLS 的域名").waitFor();
  await look(open.page, "passkeys-unavailable");
  await out.page.goto(world.hub.url);
  await out.page.getByLabel("Access token").waitFor();
  await out.page.waitForLoadState("networkidle");
  expect(await out.page.getByRole("button", { name: "Sign in with a passkey" }).count()).toBe(0);
  expect([open.problems, out.problems]).toEqual([[], []]);
}, 120_000);
