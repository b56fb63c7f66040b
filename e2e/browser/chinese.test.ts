/**
 * The app in Chinese: on every screen and in every state, a word in Latin letters is a name, a path, code, or what a person or an agent said
 * (`dir="auto"`). HAPI itself says nothing in English.
 */
import { describe, expect, test } from "bun:test";
import { noticeWords } from "@hapi/protocol";
import type { Page } from "playwright-core";
import { able } from "./chat-page.ts";
import { AWAY, ENDED, FAILED, IDLE, WORKING } from "./fixture-data.ts";
import { promptOf } from "./fixture-prompts.ts";
import { openPage, settled, type Size, WEB_ROOT } from "./harness.ts";
import { startFixtureHub } from "./fixture-hub.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

/** Products, machines, models and branches of the scripted hub, keys, units, and the one language that is called in its own. */
const NAMES = new Set(
  "HAPI Claude Codex Demo Gemini laptop studio streams Linux opus English hapi hub web Ctrl Enter Esc HAPI_PUBLIC_URL host tls US MB ID".split(
    " ",
  ),
);

/** Words in Latin letters that HAPI says itself on this page: seen ones, and those for screen readers. */
async function english(page: Page): Promise<string[]> {
  await settled(page);
  const said = await page.evaluate(() => {
    const found: string[] = [];
    const foreign = "[dir=auto], [dir=ltr], code, pre, kbd, q, .font-mono, option, time, script, style, noscript, textarea";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (node.parentElement?.closest(foreign) === null) found.push(node.textContent ?? "");
    for (const element of document.querySelectorAll<HTMLElement>("[aria-label], [placeholder]")) {
      if (element.closest("[dir=auto]:not(input, textarea), [dir=ltr]") !== null) continue;
      found.push(element.getAttribute("placeholder") ?? "");
      // a control that is named after a session quotes its title
      found.push((element.getAttribute("aria-label") ?? "").replaceAll(/“[^”]*”/g, ""));
    }
    return found;
  });
  const words = said.flatMap((text) => text.replaceAll(/[~\w.-]*[/.:@][\w/~][\w./~:-]*/g, " ").match(/[A-Za-z_]{2,}/g) ?? []);
  return [...new Set(words)].filter((word) => !NAMES.has(word)).sort();
}

describe.each(["phone", "desk"] satisfies Size[])("on a %s", (size) => {
  const open = () => openPage(world.browser, { size, locale: "zh-CN", signedIn: world.hub });

  test("every screen", async () => {
    await using opened = await open();
    const { page } = opened;
    for (const path of ["/", "/inbox", "/machines", "/settings", "/more", "/new", "/sessions/none"]) {
      await page.goto(world.hub.url + path);
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      expect({ path, english: await english(page) }).toEqual({ path, english: [] });
    }
    expect(opened.problems).toEqual([]);
  });

  test("a chat in every state, with what its tools came to", async () => {
    const idle = world.hub.sessions.get(IDLE)!;
    const tool = (id: string, kind: "execute" | "read" | "search", output: string, status: "completed" | "failed"): void => {
      world.hub.prompts.say(idle, { type: "tool-call", id, tool: "Bash", kind, title: "", input: { command: "frobnicate" } });
      world.hub.prompts.say(idle, { type: "tool-result", id: `${id}-r`, callId: id, output, status, content: [] });
    };
    tool("t1", "execute", "Exit code 127\n/bin/bash: frobnicate: command not found", "failed");
    tool("t2", "execute", "one\ntwo\n", "completed");
    tool("t3", "search", "", "completed");
    tool("t4", "read", "one\ntwo\n", "completed");
    const ended = noticeWords("background_ended", { names: ["npm run dev", "npm test"] });
    world.hub.prompts.say(idle, { type: "notice", id: "n1", level: "warning", ...ended });
    const mode = noticeWords("mode_other", { agent: "Claude Code", before: { mode: "plan" }, mode: { mode: "acceptEdits" } });
    world.hub.prompts.say(idle, { type: "notice", id: "n2", level: "info", ...mode });
    world.hub.prompts.say(idle, { type: "turn-ended", id: "end", outcome: "completed", durationMs: 1_000 });
    able(world.hub, IDLE, { permissionModes: ["default", "acceptEdits"], control: "switch", steer: true });
    const working = world.hub.sessions.get(WORKING)!;
    world.hub.prompts.tell(working, { id: "q1", localId: "lq1", content: promptOf("还有一件事"), stage: "accepted", invokedAt: null });
    await using opened = await open();
    const { page } = opened;
    for (const id of [IDLE, WORKING, FAILED, AWAY, ENDED]) {
      await page.goto(`${world.hub.url}/sessions/${id}`);
      await page.getByText("I'll count in cents instead").waitFor();
      if (id === IDLE) {
        await page.getByText("退出码 127").first().waitFor();
        await page.getByText("2 行").first().waitFor();
        await page.getByText("已读取 1 个文件 · 已搜索 1 次").waitFor();
        await page.getByText("后台任务随代理的进程一同结束：npm run dev、npm test").first().waitFor();
        await page.getByText("上次看到 Claude Code 时它处于“仅规划”模式；重新启动后以“接受修改”模式继续").first().waitFor();
      }
      await page.getByRole("button", { name: "更多" }).click();
      await page.getByRole("menu").waitFor();
      expect({ id, english: await english(page) }).toEqual({ id, english: [] });
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "会话详情" }).click();
      await page.getByRole("dialog").getByText("诊断").waitFor();
      expect({ id, english: await english(page) }).toEqual({ id, english: [] });
    }
    expect(opened.problems).toEqual([]);
  }, 120_000);

  test("without the hub, and with nothing in it", async () => {
    await using opened = await open();
    const { page } = opened;
    await page.goto(world.hub.url);
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await settled(page);
    world.hub.setReachable(false);
    await page.getByText("连接已断开").waitFor();
    expect(await english(page)).toEqual([]);
    const empty = startFixtureHub({ webRoot: WEB_ROOT, scenario: "empty" });
    try {
      await using nothing = await openPage(world.browser, { size, locale: "zh-CN", signedIn: empty });
      for (const path of ["/", "/inbox", "/machines", "/new"]) {
        await nothing.page.goto(empty.url + path);
        await nothing.page.getByRole("heading", { level: 1 }).first().waitFor();
        expect({ path, english: await english(nothing.page) }).toEqual({ path, english: [] });
      }
      await using stranger = await openPage(world.browser, { size, locale: "zh-CN" });
      await stranger.page.goto(empty.url);
      await stranger.page.getByRole("heading", { name: "登录 HAPI" }).waitFor();
      expect(await english(stranger.page)).toEqual([]);
    } finally {
      await empty.stop();
    }
  });
});
