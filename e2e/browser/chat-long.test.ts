/**
 * A conversation of 2,000 messages on a real hub, on a phone with a quarter of this machine's speed: it opens at its end, stays there while
 * text streams, keeps its place while older pages come in, and says what is new when the person has scrolled away.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { encodeEvent } from "@hapi/core";
import { connectHub, startTestHub, type HubClient, type TestHub } from "@hapi/testkit";
import type { Browser, Page } from "playwright-core";
import { say } from "./chat-page.ts";
import { axe, launchBrowser, openPage, WEB_ROOT } from "./harness.ts";

const TURNS = 500;

let browser: Browser;
let hub: TestHub;
let session: Awaited<ReturnType<HubClient["session"]>>;
beforeAll(async () => {
  [browser, hub] = await Promise.all([launchBrowser(), startTestHub({ webRoot: WEB_ROOT })]);
  const client = await connectHub(hub);
  session = await client.session({ capabilities: ["message-ack", "stages", "stream"], metadata: { name: "Long", flavor: "demo" } });
  for (let turn = 0; turn < TURNS; turn += 1) await tellTurn(turn);
}, 240_000);
afterAll(async () => {
  session.socket.close();
  await Promise.all([browser.close(), hub.close()]);
});

async function tell(key: string, event: Parameters<typeof encodeEvent>[0]): Promise<void> {
  await session.socket.emitWithAck("message", { sid: session.id, message: encodeEvent(event), key, createdAt: Date.now() });
}

/** Four rows: a prompt, an answer, a call and its result. */
async function tellTurn(turn: number): Promise<void> {
  await Promise.all([
    tell(`u${turn}`, { type: "user-message", id: `u${turn}`, text: `Prompt ${turn}.`, origin: "terminal" }),
    tell(`m${turn}`, {
      type: "agent-message",
      id: `m${turn}`,
      text: `Answer **${turn}**:\n\n- one\n- two\n\n\`\`\`ts\nexport const part = ${turn};\n\`\`\``,
    }),
    tell(`c${turn}`, {
      type: "tool-call",
      id: `c${turn}`,
      tool: "Bash",
      kind: "execute",
      title: "ls",
      input: { command: `ls part-${turn}` },
    }),
    tell(`r${turn}`, { type: "tool-result", id: `r${turn}`, callId: `c${turn}`, status: "completed", output: "one\ntwo" }),
  ]);
}

const OLDER = /messages\?.*before/;
const region = '[role="region"][aria-label="Conversation"]';

const facts = (page: Page) =>
  page.locator(region).evaluate((node) => ({
    offset: Math.round(node.scrollTop),
    size: node.scrollHeight,
    toEnd: Math.round(node.scrollHeight - node.scrollTop - node.clientHeight),
  }));

async function atEnd(page: Page): Promise<void> {
  await page.waitForFunction((selector) => {
    const node = document.querySelector(selector);
    return node !== null && node.scrollHeight - node.scrollTop - node.clientHeight <= 1;
  }, region);
}

async function openLong() {
  const open = await openPage(browser, { size: "phone", signedIn: { url: hub.url, token: hub.accessToken() } });
  open.page.setDefaultTimeout(20_000);
  await open.page.goto(`${hub.url}/sessions/${session.id}`);
  // Not any one answer: what a later test adds pushes the older ones out of what is drawn.
  await open.page.locator(`${region} article`).last().waitFor();
  await atEnd(open.page);
  return open;
}

test("streaming at a quarter of the speed keeps the end in view and the frames coming", async () => {
  await using open = await openLong();
  const { page } = open;
  await atEnd(page);
  const debuggerSession = await open.context.newCDPSession(page);
  await debuggerSession.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.evaluate(() => {
    const frames: number[] = [];
    let last = performance.now();
    const tick = (now: number) => {
      frames.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    Object.assign(window, { frames });
  });
  let offset = 0;
  for (let piece = 0; piece < 200; piece += 1) {
    const delta = `word${piece} ${piece % 40 === 39 ? "\n\n" : ""}`;
    session.socket.emit("stream", { sid: session.id, itemId: "live", kind: "text", offset, delta });
    offset += delta.length;
    // paced by the hub's own answers, not by a clock
    await session.socket.emitWithAck("ping");
  }
  await page.getByText("word199").first().waitFor();
  await atEnd(page);
  const frames = (await page.evaluate(() => (window as unknown as { frames: number[] }).frames)).toSorted((a, b) => a - b);
  // generous, because the machine is shared: what must never come back are frames that grow with the length of the conversation
  expect(frames[Math.floor(frames.length / 2)] ?? 0).toBeLessThan(100);
  expect(open.problems).toEqual([]);
}, 240_000);

test("scrolling up loads older pages without moving what is read, and lets go of the end", async () => {
  await using open = await openLong();
  const { page } = open;
  for (let round = 0; round < 3; round += 1) {
    // the page waits at the door until what is on screen stands still
    const gate = Promise.withResolvers<void>();
    await page.route(OLDER, async (route) => {
      await gate.promise;
      await route.continue();
    });
    const before = (await facts(page)).size;
    await page.locator(region).evaluate((node) => (node.scrollTop = 700));
    const seen = await page.evaluate(anchor, null);
    gate.resolve();
    await page.waitForFunction(([selector, size]) => (document.querySelector(selector)?.scrollHeight ?? 0) > size, [
      region,
      before + 500,
    ] as const);
    const now = await page.evaluate(anchor, seen.text);
    expect(Math.abs(now.top - seen.top)).toBeLessThanOrEqual(2);
    await page.unroute(OLDER);
  }
  const away = await facts(page);
  expect(away.toEnd).toBeGreaterThan(1_000);
  await tellTurn(9_000);
  const jump = page.getByRole("button", { name: /Go to the newest message/ });
  await jump.filter({ hasText: "new" }).waitFor();
  expect(Math.abs((await facts(page)).offset - away.offset)).toBeLessThanOrEqual(2);
  expect(await axe(page)).toEqual([]);
  await jump.click();
  await page.getByText("Answer 9000:").first().waitFor();
  await atEnd(page);
  expect(open.problems).toEqual([]);
}, 240_000);

test("who sends something while reading further up sees it", async () => {
  await using open = await openLong();
  const { page } = open;
  await page.locator(region).evaluate((node) => (node.scrollTop = node.scrollHeight - node.clientHeight - 2_500));
  await page.getByRole("button", { name: /Go to the newest message/ }).waitFor();
  await say(page, "and one more thing");
  await page.getByText("and one more thing").first().waitFor();
  await atEnd(page);
  expect(await page.getByText("and one more thing").first().isVisible()).toBe(true);
  expect(open.problems).toEqual([]);
}, 240_000);

test("who leaves a conversation in the middle and comes back is where they were", async () => {
  await using open = await openLong();
  const { page } = open;
  await page.locator(region).evaluate((node) => (node.scrollTop = node.scrollHeight - node.clientHeight - 2_500));
  await page.getByRole("button", { name: /Go to the newest message/ }).waitFor();
  const seen = await page.evaluate(anchor, null);
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByRole("link", { name: /Long/ }).first().click();
  await page.waitForFunction(
    ([selector, text, top]) => {
      const node = document.querySelector(selector);
      const here = [...(node?.querySelectorAll("article") ?? [])].find((one) => one.textContent === text);
      return here !== undefined && Math.abs(here.getBoundingClientRect().top - top) <= 4;
    },
    [region, seen.text, seen.top] as const,
  );
  await page.getByRole("button", { name: /Go to the newest message/ }).click();
  await atEnd(page);
  expect(open.problems).toEqual([]);
}, 240_000);

interface Anchor {
  text: string;
  top: number;
}

/** A row in view (or the one with this text), and where it stands once it has stood there for ten frames. */
async function anchor(text: string | null): Promise<Anchor> {
  const rows = () => [...document.querySelectorAll("article")];
  const find = () => rows().find((node) => (text === null ? node.getBoundingClientRect().top > 100 : node.textContent === text));
  let last: Anchor = { text: "", top: Number.NaN };
  for (let calm = 0; calm < 10;) {
    await new Promise(requestAnimationFrame);
    const row = find();
    const now = { text: row?.textContent ?? "", top: row?.getBoundingClientRect().top ?? Number.NaN };
    calm = now.text !== "" && now.text === last.text && now.top === last.top ? calm + 1 : 0;
    last = now;
  }
  return last;
}
