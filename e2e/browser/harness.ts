/**
 * A browser for the flows: system Chromium driven by playwright-core, on the two sizes and two schemes that must be right. Pages report what
 * no flow may cause: console errors, uncaught exceptions and CSP violations.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

export const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } } as const;
export type Size = keyof typeof SIZES;
export type Scheme = "light" | "dark";
/** What a flow that everybody sees is run in, for `describe.each`. */
export const LOOKS: [Size, Scheme][] = [
  ["phone", "light"],
  ["desk", "dark"],
];

/** The built app; another build than the checkout's own can be named, so that building and testing do not meet. */
export const WEB_ROOT = process.env["HAPI_WEB_ROOT"] ?? join(import.meta.dir, "../../packages/web/dist");

const CANDIDATES = [
  process.env["HAPI_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

export const chromiumPath = (): string | null => CANDIDATES.find((path) => path !== undefined && path !== "" && existsSync(path)) ?? null;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (!executablePath) throw new Error("no Chromium found; set HAPI_CHROMIUM to its path");
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

export interface OpenPage extends AsyncDisposable {
  page: Page;
  context: BrowserContext;
  /** What went wrong in the page so far; a flow ends with this empty. */
  problems: string[];
}

export interface OpenOptions {
  size?: Size;
  scheme?: Scheme;
  /** Signed in already: origin and token. */
  signedIn?: { url: string; token: string };
  locale?: string;
  reducedMotion?: boolean;
  serviceWorkers?: "allow" | "block";
}

/** What a page that lost its hub on purpose says in its console. */
const EXPECTED = /net::ERR_|Failed to load resource|status of 50\d/;

export async function openPage(browser: Browser, options: OpenOptions = {}): Promise<OpenPage> {
  const size = options.size ?? "phone";
  const context = await browser.newContext({
    viewport: SIZES[size],
    deviceScaleFactor: 2,
    hasTouch: size === "phone",
    isMobile: size === "phone",
    colorScheme: options.scheme ?? "light",
    locale: options.locale ?? "en-GB",
    reducedMotion: options.reducedMotion === false ? "no-preference" : "reduce",
    serviceWorkers: options.serviceWorkers ?? "block",
  });
  const { signedIn } = options;
  if (signedIn) {
    await context.addInitScript(([key, token]) => localStorage.setItem(key, token), [
      `hapi_access_token::${new URL(signedIn.url).origin}`,
      signedIn.token,
    ] as const);
  }
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    const isProblem = (message.type() === "error" && !EXPECTED.test(message.text())) || message.text().startsWith("no words for");
    if (isProblem) problems.push(`console: ${message.text()}`);
  });
  return { page, context, problems, [Symbol.asyncDispose]: () => context.close() };
}

/** An own profile on disk, for what must survive the browser: installation, offline start. */
export async function openProfile(size: Size = "phone"): Promise<OpenPage> {
  const executablePath = chromiumPath();
  if (!executablePath) throw new Error("no Chromium found; set HAPI_CHROMIUM to its path");
  const profile = mkdtempSync(join(tmpdir(), "hapi-web-profile-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS, viewport: SIZES[size] });
  const page = context.pages()[0] ?? (await context.newPage());
  return {
    page,
    context,
    problems: [],
    [Symbol.asyncDispose]: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Violation {
  id: string;
  help: string;
  nodes: string[];
}

/** No placeholder is left, and what the virtual list has put in is laid out: what a person would call "there". */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const isLoading = document.querySelector(".animate-breathe") !== null;
    const isPlacing = [...document.querySelectorAll<HTMLElement>("li, [data-index]")].some((row) => row.style.visibility === "hidden");
    return !isLoading && !isPlacing;
  });
}

/** The worker is there: from now on the page opens without a network. */
export const workerReady = (page: Page): Promise<void> => page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));

/** Everything axe finds wrong with the page as it is; empty is the only acceptable answer. */
export async function axe(page: Page): Promise<Violation[]> {
  await settled(page);
  // through the debugger, which the page's CSP does not bind
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const runner = (
      window as unknown as { axe: { run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }> } }
    ).axe;
    const { violations } = await runner.run();
    return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => node.html) }));
  });
}
