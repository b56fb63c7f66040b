/** Without the hub and without a network: what was seen stays, says how old it is, and prompts wait to be sent. */
import { expect, test } from "bun:test";
import { button, lastMessage, openChat, say, tryNow } from "./chat-page.ts";
import { WORKING } from "./fixture-data.ts";
import { axe, openPage, openProfile, workerReady } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

test("the hub goes away and comes back: the page says so, keeps everything, and catches up", async () => {
  await using open = await openPage(world.browser, { size: "phone", signedIn: world.hub });
  const { page } = open;
  await page.goto(world.hub.url);
  await page.getByRole("link", { name: /Fix rounding/ }).waitFor();
  world.hub.setReachable(false);
  await page.getByText("Connection lost").waitFor();
  await button(page, "Try now").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("link", { name: /Fix rounding/ }).waitFor();
  const session = world.hub.sessions.get(WORKING);
  if (!session?.metadata) throw new Error("the fixture lost a session");
  world.hub.sessions.set(WORKING, {
    ...session,
    metadata: { ...session.metadata, name: "Renamed while away" },
    metadataVersion: session.metadataVersion + 1,
  });
  world.hub.setReachable(true);
  await tryNow(page);
  await page.getByRole("link", { name: /Renamed while away/ }).waitFor();
  await page.getByText("Connection lost").waitFor({ state: "detached" });
  expect(open.problems).toEqual([]);
});

test("no network: said at once; a prompt waits, survives a reload, and is sent once when the network is back", async () => {
  await using open = await openChat(world, WORKING, { serviceWorkers: "allow" });
  const { page, context } = open;
  await workerReady(page);
  await context.setOffline(true);
  await page.getByText("You are offline").waitFor();
  await say(page, "And add a test, please");
  await page.getByText("And add a test, please").first().waitFor();
  await page.getByText("1 prompt waits to be sent").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.reload();
  await page.getByText("1 prompt waits to be sent").waitFor();
  await lastMessage(page).waitFor();
  await context.setOffline(false);
  await world.hub.received(/^POST .*\/messages .*add a test/);
  await page.getByText("waits to be sent").waitFor({ state: "detached" });
  const sent = world.hub.calls(new RegExp(`^POST /api/sessions/${WORKING}/messages`));
  expect(new Set(sent.map((line) => /"localId":"([^"]+)"/.exec(line)?.[1])).size).toBe(1);
  expect(sent[0]).toContain('"wake":true');
  // this session works: what the hub has waits for its turn, once
  const prompt = page.getByRole("region", { name: "1 prompt waits" }).getByText("And add a test");
  await prompt.waitFor();
  expect(await prompt.count()).toBe(1);
});

test("installed, it opens without a network and shows the last list with its age", async () => {
  await using open = await openProfile("phone");
  const { page, context } = open;
  await page.goto(`${world.hub.url}/#token=${world.hub.token}`);
  await page.getByRole("link", { name: /Fix rounding/ }).waitFor();
  await workerReady(page);
  // the list reaches the device a moment after it reached the screen
  await page.evaluate(async () => {
    for (;;) {
      const open = indexedDB.open(`hapi:${location.origin}`);
      await new Promise((resolve) => open.addEventListener("success", resolve));
      const get = open.result.transaction("cache").objectStore("cache").get("sync.v1.list");
      await new Promise((resolve) => get.addEventListener("success", resolve));
      open.result.close();
      if (get.result !== undefined) return;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  });
  await context.setOffline(true);
  const other = await context.newPage();
  await other.goto(`${world.hub.url}/`);
  await other.getByRole("link", { name: /Fix rounding/ }).waitFor();
  // Chromium 150 says nothing of the network to a page that a worker gave it: then it is the hub that is not heard
  const isTold = await other.evaluate(() => !navigator.onLine);
  await other.getByText(isTold ? "You are offline" : "Connection lost").waitFor();
  await other.goto(`${world.hub.url}/machines`);
  await other.getByRole("heading", { name: "Machines", level: 1 }).waitFor();
});

test("it can be installed: manifest, icons and worker are in order", async () => {
  const manifest = (await (await fetch(`${world.hub.url}/manifest.webmanifest`)).json()) as {
    icons: { src: string; sizes: string }[];
    start_url: string;
  };
  expect(manifest.icons.map((icon) => icon.sizes)).toContain("192x192");
  for (const icon of manifest.icons) expect((await fetch(world.hub.url + icon.src)).status).toBe(200);
  const worker = await (await fetch(`${world.hub.url}/sw.js`)).text();
  const files = /"files":\s*(\[[^\]]*\])/.exec(worker)?.[1];
  for (const file of JSON.parse(files ?? "[]") as string[]) expect((await fetch(world.hub.url + file)).status).toBe(200);
  await using open = await openPage(world.browser, { serviceWorkers: "allow" });
  const session = await open.context.newCDPSession(open.page);
  await open.page.goto(world.hub.url);
  await workerReady(open.page);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  expect(installabilityErrors.filter((error) => error.errorId !== "in-incognito")).toEqual([]);
});

test("a new version is offered, and taken only when asked", async () => {
  await using open = await openPage(world.browser, { size: "phone", signedIn: world.hub, serviceWorkers: "allow" });
  const { page } = open;
  await page.goto(world.hub.url);
  await page.getByRole("link", { name: /Fix rounding/ }).waitFor();
  await workerReady(page);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  world.hub.setWorkerSuffix("\n// next version");
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await page.getByText("A new version is ready").waitFor();
  await page.evaluate(() => Object.assign(window, { stillHere: true }));
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.waitForFunction(() => !("stillHere" in window));
  await page.getByRole("link", { name: /Fix rounding/ }).waitFor();
});
