/** A hub without a runner: the new-session screen says what to type, here and on another machine, ready to copy. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { axe, launchBrowser, LOOKS, openPage } from "./harness.ts";

const HAPI = join(import.meta.dir, "../../bin/hapi");
const root = mkdtempSync(join(tmpdir(), "hapi-no-machine-"));
const env = { PATH: process.env["PATH"] ?? "", HOME: root, HAPI_HOME: join(root, "hapi"), LANG: "C.UTF-8" };
let browser: Browser;
let hub: Bun.Subprocess<"ignore", "pipe", "inherit">;
let said: { url: string; token: string };

beforeAll(async () => {
  hub = Bun.spawn([HAPI, "hub", "--port", "0", "--json", "--no-runner"], {
    env,
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await hub.stdout.getReader().read();
  said = JSON.parse(new TextDecoder().decode(value)) as { url: string; token: string };
  browser = await launchBrowser();
}, 240_000);
afterAll(async () => {
  await browser.close();
  hub.kill("SIGTERM");
  await hub.exited;
  rmSync(root, { recursive: true, force: true });
});

test.each([...LOOKS.map((look) => [...look, "en-GB"] as const), ["phone", "dark", "zh-CN"] as const])(
  "on a %s, %s, in %s",
  async (size, scheme, locale) => {
    await using open = await openPage(browser, { size, scheme, locale, signedIn: said });
    const { page } = open;
    await page.goto(`${said.url}/new`);
    await page.getByText("hapi runner start", { exact: true }).waitFor();
    // An address of loopback is no use to another machine: no recipe that can't work, but what makes one possible.
    await page.getByText("HAPI_PUBLIC_URL").waitFor();
    expect(await page.getByText("hapi auth login").count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    const picture = process.env["HAPI_SCREENSHOTS"];
    if (picture) await page.screenshot({ path: join(picture, `no-machine-${size}-${scheme}-${locale}.png`) });
    expect(open.problems).toEqual([]);
  },
  240_000,
);
