/**
 * What a person sees and does when something failed: a turn with its retries, a resume, a start, and the details that say what happened. On a
 * phone in light, a desk in dark.
 */
import { describe, expect, test } from "bun:test";
import { able, button, look, openChat } from "./chat-page.ts";
import { ENDED, FAILED, IDLE, MINUTE } from "./fixture-data.ts";
import { bodyOf } from "./fixture-log.ts";
import { LOOKS, type OpenPage } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

describe.each(LOOKS)("on a %s, %s", (size, scheme) => {
  const chat = (id: string): Promise<OpenPage> => openChat(world, id, { size, scheme });

  test("a failed turn says whether and when to try again, and tries by itself when the person allows it", async () => {
    const session = able(world.hub, IDLE, { autoRetry: true });
    const failure = { code: "rate_limit" as const, message: "429 Too many requests", retryable: true, retryAfterMs: 90_000 };
    world.hub.prompts.say(session, { type: "turn-ended", id: "end-1", outcome: "failed", failure });
    await using open = await chat(IDLE);
    const { page } = open;
    const card = page.getByRole("group", { name: "The turn failed" });
    await card.getByText("Too many requests in a short time").waitFor();
    await card.getByText(/Retry from .* \(in 1 min/).waitFor();
    await look(page, "failed");
    await card.getByLabel("Retry by itself").check();
    expect(bodyOf(await world.hub.received(/^POST \S+\/auto-retry/))).toEqual({ enabled: true });
    const retry = { localId: null, attempt: 2, maxAttempts: 5, at: Date.now() + 5 * MINUTE, failureCode: "rate_limit" };
    world.hub.change(IDLE, (now) => ({ ...now, agentState: { ...now.agentState, retry } }));
    await card.getByText(/^Retrying at \d\d:\d\d, try 2 of 5$/).waitFor();
    await look(page, "retrying");
    await button(card, "Retry now").click();
    await world.hub.received(/^POST \S+\/retry/);
    await button(card, "Stop").click();
    await world.hub.received(/^DELETE \S+\/retry/);
    await card.getByText(/^Retrying at/).waitFor({ state: "detached" });
    expect(open.problems).toEqual([]);
  });

  test("a usage limit says when it is over, and that the session goes on then", async () => {
    const session = able(world.hub, IDLE, { autoRetry: true });
    const resetsAt = Date.now() + 3 * 60 * MINUTE;
    const failure = { code: "usage_limit" as const, message: "You've hit your 5-hour limit", retryable: true, resetsAt, retryAfterMs: 1 };
    world.hub.prompts.say(session, { type: "turn-ended", id: "end-1", outcome: "failed", failure });
    await using open = await chat(IDLE);
    const { page } = open;
    const card = page.getByRole("group", { name: "The turn failed" });
    await card.getByText("The usage limit is reached").waitFor();
    await card.getByText(/Retry from .* \(in (3 hr|2 hr)/).waitFor();
    await look(page, "usage-limit");
    const retry = { localId: null, attempt: 1, maxAttempts: 6, at: resetsAt + MINUTE, failureCode: "usage_limit" };
    world.hub.change(IDLE, (now) => ({ ...now, agentState: { ...now.agentState, retry } }));
    await card.getByText(/^Goes on once by itself at .* \(in 3 hr/).waitFor();
    await look(page, "usage-limit-planned");
    await button(card, "Stop").click();
    await world.hub.received(/^DELETE \S+\/retry/);
    expect(open.problems).toEqual([]);
  });

  test("what waiting can't cure is not offered as a wait", async () => {
    const failure = { code: "auth" as const, message: "401 Sign in again", retryable: false };
    world.hub.prompts.say(world.hub.sessions.get(IDLE)!, { type: "turn-ended", id: "end-1", outcome: "failed", failure });
    await using open = await chat(IDLE);
    const card = open.page.getByRole("group", { name: "The turn failed" });
    await card.getByText(/Sign the agent in on laptop, then retry/).waitFor();
    expect(await card.getByLabel("Retry by itself").count()).toBe(0);
    await look(open.page, "auth");
  });

  test("what the hub refuses is said in Chinese on a Chinese screen, with what it knows beyond the code", async () => {
    await using open = await chat(ENDED);
    const { page } = open;
    await page.evaluate(() => localStorage.setItem("hapi_locale", "zh"));
    await page.reload();
    world.hub.failNext("/resume", 500, { error: "Session failed to become active", code: "resume_failed", cause: "machine_offline" });
    await button(page, "恢复").click();
    const card = page.getByRole("group", { name: "无法重新启动会话" });
    await card.getByText("机器已离线", { exact: true }).waitFor();
    await look(page, "resume-failed-zh");
    await button(page, "会话详情").click();
    await page.getByText("来源", { exact: true }).waitFor();
    world.hub.failNext("/sessions/", 409, { error: "Someone else changed this in the meantime", code: "version_conflict" });
    await page.getByLabel("名称").fill("另一个名字");
    await button(page, "重命名").click();
    await page.getByText("其他人刚刚作了修改").waitFor();
    expect(open.problems).toEqual([]);
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
    world.hub.failNext("/resume", 500, cause);
    await button(page, "Resume").click();
    const card = page.getByRole("group", { name: "The session could not be started again" });
    await card.getByText("The agent ended while it was starting on laptop.").waitFor();
    expect(await card.textContent()).not.toContain("agent_exited");
    await look(page, "resume-failed");
    await button(card, "Continue in a new session with this history").click();
    await page.getByRole("heading", { level: 1, name: "The branch" }).waitFor();
    expect(page.url()).not.toContain(ENDED);
    expect(open.problems).toEqual([]);
  });

  test("the agent's own conversation is gone: a new session is offered that is told the text of this one, and begun only when asked for", async () => {
    await using open = await chat(ENDED);
    const { page } = open;
    const gone = { error: "The agent does not know this conversation on laptop.", cause: "resume_unavailable", offers: ["history"] };
    world.hub.failNext("/resume", 500, { ...gone, code: "resume_failed" });
    await button(page, "Resume").click();
    const card = page.getByRole("group", { name: "The session could not be started again" });
    await card.getByText("is given the text of this conversation, with your next message").waitFor();
    await look(page, "resume-history");
    await button(card, "Continue in a new session").click();
    expect(bodyOf(await world.hub.received(/^POST \S+\/fork/))).toEqual({ from: "history" });
    await page.getByRole("heading", { level: 1, name: "The branch" }).waitFor();
    expect(page.url()).not.toContain(ENDED);
    expect(open.problems).toEqual([]);
  });

  test("a branch that can't be begun either leaves the text of the conversation to go on from", async () => {
    await using open = await chat(ENDED);
    const { page } = open;
    const ended = { error: "The agent ended while it was starting on laptop.", cause: "agent_exited", offers: ["fork"] };
    world.hub.failNext("/resume", 500, { ...ended, code: "resume_failed" });
    await button(page, "Resume").click();
    const card = page.getByRole("group", { name: "The session could not be started again" });
    const gone = { error: "The agent does not know this conversation on laptop.", cause: "resume_unavailable", offers: ["history"] };
    world.hub.failNext("/fork", 502, { ...gone, code: "spawn_failed" });
    await button(card, "Continue in a new session with this history").click();
    await card.getByText(gone.error).waitFor();
    await button(card, "Continue in a new session").click();
    await page.getByRole("heading", { level: 1, name: "The branch" }).waitFor();
    expect(open.problems).toEqual([]);
  });

  test("a session whose start failed says so where one would write, and starts when the cause is gone", async () => {
    world.hub.change(FAILED, (session) => ({
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
    await sheet.getByText(/The model was busy · .*overloaded/).waitFor();
    await sheet.getByText("--verbose").waitFor();
    await sheet.getByText("AGENT_API_KEY=***").waitFor();
    await sheet.getByText("AGENT_CONFIG_DIR: /home/ada/.agent-work is used; the machine has nothing").scrollIntoViewIfNeeded();
    await look(page, "environment");
    await sheet.getByText("The running session").scrollIntoViewIfNeeded();
    await look(page, "diagnostics");
    expect(open.problems).toEqual([]);
  });
});
