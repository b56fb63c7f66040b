/**
 * What a person sees and does between sending and the end of a turn: stages as one mark, an uncertain prompt, prompts into the running turn
 * and for later, machines that are away, failures with their retries, a resume that fails, diagnostics. On a phone in light, a desk in dark.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Session } from "@hapi/protocol";
import type { Browser, Locator, Page } from "playwright-core";
import { type FixtureHub, startFixtureHub } from "./fixture-hub.ts";
import { promptOf } from "./fixture-prompts.ts";
import { axe, launchBrowser, openPage, type OpenPage, type Scheme, type Size, WEB_ROOT } from "./harness.ts";

const WORKING = "5b0f6c1e-0003-4000-8000-000000000003";
const IDLE = "5b0f6c1e-0004-4000-8000-000000000004";
const AWAY = "5b0f6c1e-0006-4000-8000-000000000006";
const FAILED = "5b0f6c1e-0007-4000-8000-000000000007";
const ENDED = "5b0f6c1e-0008-4000-8000-000000000008";
const MINUTE = 60_000;

let browser: Browser;
let hub: FixtureHub;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(() => {
  hub = startFixtureHub({ webRoot: WEB_ROOT });
});
afterEach(() => hub.stop());

const field = (page: Page): Locator => page.getByRole("textbox", { name: "Message", exact: true });
const queue = (page: Page): Locator => page.getByRole("region", { name: /prompts? waits?/ });
const button = (scope: Page | Locator, name: string | RegExp): Locator =>
  scope.getByRole("button", { name, exact: typeof name === "string" });
const calls = (pattern: RegExp): string[] => hub.log.filter((line) => pattern.test(line));
const body = (line: string): Record<string, unknown> => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, unknown>;

/** For looking at with one's own eyes: `HAPI_SHOTS=folder`. */
async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env["HAPI_SHOTS"];
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

function able(id: string, capabilities: Record<string, unknown>, more: Partial<Session> = {}): Session {
  return hub.change(id, (session) => ({ ...session, ...more, metadata: { ...session.metadata!, capabilities } }));
}

describe.each([
  ["phone", "light"],
  ["desk", "dark"],
] as [Size, Scheme][])("on a %s, %s", (size, scheme) => {
  async function chat(id: string): Promise<OpenPage> {
    const open = await openPage(browser, { size, scheme, signedIn: hub });
    await open.page.goto(`${hub.url}/sessions/${id}`);
    await open.page.getByText("I'll count in cents instead").waitFor();
    return open;
  }
  const look = async (page: Page, name: string): Promise<void> => {
    expect(await axe(page)).toEqual([]);
    await shot(page, `${name}-${size}`);
  };

  test("a prompt shows where it is by one mark, with its word on tap", async () => {
    await using open = await chat(IDLE);
    const { page } = open;
    await field(page).fill("Where are you?");
    await button(page, "Send").click();
    const prompt = page.getByRole("article", { name: "You" }).filter({ hasText: "Where are you?" });
    await button(prompt, "Handed to the agent").waitFor();
    expect(await prompt.getByText("Handed to the agent").count()).toBe(0);
    const localId = hub.prompts.rows(hub.sessions.get(IDLE)!).at(-1)?.localId ?? "";
    const stage = (name: "in-transcript" | "started" | "done" | "interrupted"): void =>
      hub.push({ type: "message-stage", sessionId: IDLE, localId, stage: name, at: Date.now() });
    stage("in-transcript");
    await button(prompt, "The agent has it").click();
    await prompt.getByText("The agent has it").waitFor();
    await look(page, "stage");
    stage("started");
    await prompt.getByText("Started").waitFor();
    await button(prompt, "Started").click();
    stage("done");
    await button(prompt, "Done").waitFor();
    expect(await prompt.getByText("Done").count()).toBe(0);
    expect(open.problems).toEqual([]);
  });

  test("an uncertain prompt is never sent by itself: left, it stays quiet and there; sent again, its own prompt begins anew", async () => {
    const session = hub.sessions.get(IDLE)!;
    const uncertain = { stage: "unknown" as const, deliveryState: "indeterminate", invokedAt: null };
    hub.prompts.tell(session, { id: "u1", localId: "l1", content: promptOf("maybe one"), ...uncertain });
    hub.prompts.tell(session, { id: "u2", localId: "l2", content: promptOf("maybe two"), ...uncertain });
    hub.prompts.tell(session, { id: "u3", localId: "l3", content: promptOf("maybe three"), stage: "unknown" });
    await using open = await chat(IDLE);
    const { page } = open;
    const row = (text: string): Locator => queue(page).locator("li", { hasText: text });
    await row("maybe one").getByText("It is not certain that the agent got this").waitFor();
    const said = page.getByRole("article", { name: "You" }).filter({ hasText: "maybe three" });
    await said.getByText("It is not certain that the agent got this").waitFor();
    await look(page, "unknown");
    await button(row("maybe one"), "Leave it").click();
    await row("maybe one").waitFor({ state: "detached" });
    await button(said, "Leave it").click();
    await button(said, "Leave it").waitFor({ state: "detached" });
    await button(said, "It is not certain that the agent got this").waitFor();
    hub.setReachable(false);
    await page.getByText("Connection lost. Reconnecting").waitFor();
    hub.setReachable(true);
    await page.reload();
    await row("maybe two").waitFor();
    expect(await row("maybe one").count()).toBe(0);
    expect(await button(said, "Leave it").count()).toBe(0);
    expect(calls(/^POST .*\/messages/)).toEqual([]);
    await button(queue(page), "1 uncertain prompt left as it is").click();
    await row("maybe one").waitFor();
    await button(row("maybe two"), "Send again").click();
    await hub.received(/^POST \S+\/messages\/u2\/retry/);
    await row("maybe two").getByText("Waits for its turn").waitFor();
    expect(calls(/^POST \S+\/messages/)).toHaveLength(1);
    expect(open.problems).toEqual([]);
  });

  test("while the agent works a prompt waits for its turn, or goes into the running one where the agent takes that", async () => {
    able(WORKING, { steer: true });
    await using open = await chat(WORKING);
    const { page } = open;
    await field(page).fill("after that");
    await page.getByRole("radio", { name: "After this turn" }).waitFor();
    expect(await page.getByRole("radio", { name: "After this turn" }).isChecked()).toBe(true);
    await look(page, "steer");
    await button(page, "Send").click();
    await queue(page).getByText("after that").waitFor();
    await field(page).fill("not that file");
    await page.getByText("Steer now", { exact: true }).click();
    await button(page, "Send").click();
    const line = await hub.received(/^POST \S+\/messages .*not that file/);
    const { deliveryMode, localId } = body(line);
    expect(deliveryMode).toBe("steer");
    await hub.received(new RegExp(`^POST \\S+/messages/${String(localId)}/steer`));
    await page.getByRole("article", { name: "You" }).filter({ hasText: "not that file" }).getByText("Given to the running turn").waitFor();
    expect(body(calls(/after that/)[0] ?? "{}")["deliveryMode"]).toBeUndefined();
    await button(queue(page).locator("li", { hasText: "after that" }), "Steer now").click();
    await page.getByRole("article", { name: "You" }).filter({ hasText: "after that" }).waitFor();
    expect(open.problems).toEqual([]);
  });

  test("an agent that can't be steered offers no choice", async () => {
    able(WORKING, { steer: false });
    await using open = await chat(WORKING);
    await field(open.page).fill("after that");
    await button(open.page, "Send").waitFor();
    expect(await open.page.getByText("Steer now").count()).toBe(0);
  });

  test("a prompt for later is planned, shown with its time, edited with it, and cancelled", async () => {
    await using open = await chat(IDLE);
    const { page } = open;
    const before = Date.now();
    await field(page).fill("Look at the night's results");
    await button(page, "More").click();
    await page.getByRole("menuitem", { name: "Send later" }).click();
    const sheet = page.getByRole("dialog", { name: "Send later" });
    await sheet.getByLabel("Day and time").fill("2020-01-01T10:00");
    await button(sheet, "Set").click();
    await sheet.getByText("This time has passed. Choose a later one.").waitFor();
    await look(page, "later");
    await button(sheet, /In 30 minutes/).click();
    await page.getByText(/^Goes out /).waitFor();
    await page.reload();
    await page.getByText(/^Goes out /).waitFor();
    await button(page, "Send later").click();
    const { scheduledAt } = body(await hub.received(/^POST \S+\/messages .*night/));
    expect(Number(scheduledAt)).toBeGreaterThanOrEqual(before + 30 * MINUTE);
    expect(Number(scheduledAt)).toBeLessThan(Date.now() + 31 * MINUTE);
    const row = queue(page).locator("li", { hasText: "night's results" });
    await row.getByText(/^Goes out /).waitFor();
    await look(page, "planned");
    await button(row, "Edit this prompt").click();
    await row.waitFor({ state: "detached" });
    await page.waitForFunction(() => document.querySelector("textarea")?.value.includes("night's results"));
    await page.getByText(/^Goes out /).waitFor();
    await button(page, "Change the time").click();
    await button(page.getByRole("dialog", { name: "Send later" }), /Tomorrow morning/).click();
    await button(page, "Send later").click();
    await row.getByText(/^Goes out .*09:00/).waitFor();
    await button(row, "Cancel this prompt").click();
    await row.waitFor({ state: "detached" });
    expect(calls(/^DELETE \S+\/messages\//)).toHaveLength(2);
    expect(hub.prompts.rows(hub.sessions.get(IDLE)!).filter((message) => message.scheduledAt != null)).toEqual([]);
    expect(open.problems).toEqual([]);
  });

  test("a prompt to a machine that is away says what it waits for", async () => {
    await using open = await chat(AWAY);
    const { page } = open;
    await page.getByText("studio is offline. Prompts wait for it.").waitFor();
    await page.getByRole("textbox", { name: "Message", exact: true }).fill("when you are back");
    await button(page, "Send").click();
    await queue(page).getByText("Waits for studio, which is offline").waitFor();
    expect(body(await hub.received(/^POST \S+\/messages /))["wake"]).toBe(true);
    await look(page, "offline-machine");
    expect(open.problems).toEqual([]);
  });

  test("a failed turn says whether and when to try again, and tries by itself when the person allows it", async () => {
    const session = able(IDLE, { autoRetry: true });
    const failure = { code: "rate_limit" as const, message: "429 Too many requests", retryable: true, retryAfterMs: 90_000 };
    hub.prompts.say(session, { type: "turn-ended", id: "end-1", outcome: "failed", failure });
    await using open = await chat(IDLE);
    const { page } = open;
    const card = page.getByRole("group", { name: "The turn failed" });
    await card.getByText("The usage limit is reached").waitFor();
    await card.getByText(/Retry from .* \(in 1 min/).waitFor();
    await look(page, "failed");
    await card.getByLabel("Retry by itself").check();
    expect(body(await hub.received(/^POST \S+\/auto-retry/))).toEqual({ enabled: true });
    const retry = { localId: null, attempt: 2, maxAttempts: 5, at: Date.now() + 5 * MINUTE, failureCode: "rate_limit" };
    hub.change(IDLE, (now) => ({ ...now, agentState: { ...now.agentState, retry } }));
    await card.getByText(/^Retrying at \d\d:\d\d, try 2 of 5$/).waitFor();
    await look(page, "retrying");
    await button(card, "Retry now").click();
    await hub.received(/^POST \S+\/retry/);
    await button(card, "Stop").click();
    await hub.received(/^DELETE \S+\/retry/);
    await card.getByText(/^Retrying at/).waitFor({ state: "detached" });
    expect(open.problems).toEqual([]);
  });

  test("what waiting can't cure is not offered as a wait", async () => {
    const failure = { code: "auth" as const, message: "401 Sign in again", retryable: false };
    hub.prompts.say(hub.sessions.get(IDLE)!, { type: "turn-ended", id: "end-1", outcome: "failed", failure });
    await using open = await chat(IDLE);
    const card = open.page.getByRole("group", { name: "The turn failed" });
    await card.getByText(/Sign the agent in on laptop, then retry/).waitFor();
    expect(await card.getByLabel("Retry by itself").count()).toBe(0);
    await look(open.page, "auth");
  });

  test("a resume that fails gives the real cause, and goes on in a new session with the history", async () => {
    await using open = await chat(ENDED);
    const { page } = open;
    const cause = {
      error: "The agent ended while it was starting on laptop.",
      code: "resume_failed",
      cause: "agent_exited",
      offers: ["fork"],
    };
    hub.failNext("/resume", 500, cause);
    await button(page, "Resume").click();
    const card = page.getByRole("group", { name: "The session could not be started again" });
    await card.getByText("The agent ended while it was starting on laptop.").waitFor();
    await card.getByText("agent_exited").waitFor();
    await look(page, "resume-failed");
    await button(card, "Continue in a new session with this history").click();
    await page.getByRole("heading", { level: 1, name: "The branch" }).waitFor();
    expect(page.url()).not.toContain(ENDED);
    expect(open.problems).toEqual([]);
  });

  test("a session whose start failed says so where one would write, and starts when the cause is gone", async () => {
    hub.change(FAILED, (session) => ({
      ...session,
      metadata: {
        ...session.metadata!,
        lastStart: {
          at: Date.now(),
          how: "resume",
          front: "remote",
          asked: "t",
          used: null,
          failure: { code: "agent_not_installed", message: "The agent is not installed on studio." },
        },
      },
    }));
    await using open = await chat(FAILED);
    const card = open.page.getByRole("group", { name: "The session could not be started again" });
    await card.getByText("The agent is not installed on studio.").waitFor();
    expect(await button(card, /new session/).count()).toBe(0);
    await button(card, "Try again").click();
    await card.waitFor({ state: "detached" });
    expect(open.problems).toEqual([]);
  });

  test("the details say which conversation was found and used, how it was started, and what failed last", async () => {
    await using open = await chat(IDLE);
    const { page } = open;
    await button(page, "Session details").click();
    const sheet = page.getByRole("dialog");
    await sheet.getByText("Conversation used").waitFor();
    await sheet.getByText(/^Continued, /).waitFor();
    await sheet.getByText(/overloaded · The model was busy/).waitFor();
    await sheet.getByText("--verbose").waitFor();
    await sheet.getByText("The running session").scrollIntoViewIfNeeded();
    await look(page, "diagnostics");
    expect(open.problems).toEqual([]);
  });

  test("the terminal has control and works: a prompt waits for its turn, or takes over now", async () => {
    able(WORKING, { control: "switch" }, { agentState: { controlledByUser: true, requests: {}, completedRequests: {} } });
    await using open = await chat(WORKING);
    const { page } = open;
    await page.getByText("The terminal has control. A message takes over when its turn ends.").waitFor();
    await field(page).fill("my turn");
    await button(page, "Send").click();
    await page.getByText("Your message goes in when the terminal's turn ends.").waitFor();
    await look(page, "take-over");
    await button(page, "Take over now").click();
    expect(body(await hub.received(/^POST \S+\/switch/))).toEqual({ to: "remote", now: true });
    expect(open.problems).toEqual([]);
  });
});

/** A picture as the browser's own paste and drop events carry it. */
const give = (page: Page, kind: "paste" | "drop", name: string): Promise<void> =>
  page.evaluate(
    ([how, filename, bytes]) => {
      const content = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([content], filename, { type: "image/png" }));
      const target = document.querySelector("textarea");
      if (how === "paste") target?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
      else
        for (const type of ["dragover", "drop"])
          target?.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    [kind, name, DOT] as const,
  );

test("pictures that are pasted and dropped stand beside the field with a preview, and go with the prompt", async () => {
  await using open = await openPage(browser, { size: "desk", signedIn: hub });
  const { page } = open;
  await page.goto(`${hub.url}/sessions/${IDLE}`);
  await field(page).waitFor();
  await give(page, "paste", "image.png");
  await give(page, "drop", "plan.png");
  const files = page.getByRole("list", { name: "Files to send" });
  await files.getByText("pasted-1.png").waitFor();
  await files.getByText("plan.png").waitFor();
  await page.waitForFunction(
    () => [...document.querySelectorAll<HTMLImageElement>("form img, ul img")].filter((image) => image.naturalWidth > 0).length === 2,
  );
  expect(await axe(page)).toEqual([]);
  await shot(page, "files-desk");
  await field(page).fill("like this");
  await button(page, "Send").click();
  const { attachments } = body(await hub.received(/^POST \S+\/messages .*like this/)) as {
    attachments: { filename: string; previewUrl?: string }[];
  };
  expect(attachments.map((file) => file.filename)).toEqual(["pasted-1.png", "plan.png"]);
  // the pictures stay to be seen, also where the files are not
  for (const { previewUrl } of attachments) expect(previewUrl).toMatch(/^data:image\/jpeg;base64,/);
  await page.reload();
  const sent = page.getByRole("article", { name: "You" }).filter({ hasText: "like this" });
  await sent.locator("img").nth(1).waitFor();
  expect(await axe(page)).toEqual([]);
  expect(open.problems).toEqual([]);
});

test("a slow upload shows how far it is; removed, it ends", async () => {
  await using open = await openPage(browser, { size: "phone", signedIn: hub });
  const { page, context } = open;
  await page.goto(`${hub.url}/sessions/${IDLE}`);
  await field(page).waitFor();
  await button(page, "More").waitFor();
  const debug = await context.newCDPSession(page);
  await debug.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 300_000 });
  const buffer = Buffer.alloc(1_500_000, 1);
  await page.locator("input[type=file]").setInputFiles({ name: "large.png", mimeType: "image/png", buffer });
  const bar = page.getByRole("progressbar", { name: "Uploading large.png" });
  await page.waitForFunction(() => {
    const share = Number(document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow"));
    return share > 5 && share < 95;
  });
  await button(page, "Remove large.png").click();
  await bar.waitFor({ state: "detached" });
  expect(calls(/\/upload/)).toEqual([]);
  expect(open.problems).toEqual([]);
});

test("a keyboard over the page never hides the last message or the field", async () => {
  await using open = await openPage(browser, { size: "phone", signedIn: hub });
  const { page } = open;
  await page.addInitScript(() => {
    let height = 844;
    const viewport = window.visualViewport;
    if (!viewport) return;
    Object.defineProperty(viewport, "height", { get: () => height });
    Object.assign(window, {
      coverBy: (pixels: number) => {
        height = 844 - pixels;
        viewport.dispatchEvent(new Event("resize"));
      },
    });
  });
  await page.goto(`${hub.url}/sessions/${IDLE}`);
  await page.getByText("I'll count in cents instead").waitFor();
  await page.evaluate(() => (window as unknown as { coverBy(pixels: number): void }).coverBy(336));
  await page.waitForFunction(() => (document.querySelector("textarea")?.getBoundingClientRect().bottom ?? 844) <= 844 - 336);
  const last = await page.getByText("I'll count in cents instead").boundingBox();
  expect((last?.y ?? 844) + (last?.height ?? 0)).toBeLessThanOrEqual(844 - 336);
  await page.evaluate(() => (window as unknown as { coverBy(pixels: number): void }).coverBy(0));
  await page.waitForFunction(() => (document.querySelector("textarea")?.getBoundingClientRect().bottom ?? 0) > 844 - 336);
});

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
