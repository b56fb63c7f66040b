/**
 * The chat on a real hub with the real demo agent: text as it streams, everything an agent can ask and every way to answer, the queue, files,
 * failures. Each flow runs on a phone in light and on a desk in dark, in a session of its own, and ends without a problem on the page.
 */
import { describe, expect, test } from "bun:test";
import type { Locator, Page } from "playwright-core";
import { machineCalls } from "@hapi/client";
import { button, decide, field, fieldHas, promptWith, say } from "./chat-page.ts";
import { axe, LOOKS, openPage, type OpenPage, type Scheme, type Size } from "./harness.ts";
import { realWorld } from "./worlds.ts";

const world = realWorld();

const STEP_MS = 45_000;
const LIMIT_MS = 360_000;

interface Chat extends AsyncDisposable {
  id: string;
  open: OpenPage;
  page: Page;
  /** What was said and done, without what is told to screen readers besides. */
  conversation: Locator;
  say(text: string): Promise<void>;
  turnEnds(count: number): Promise<void>;
}

async function startChat(size: Size, scheme: Scheme): Promise<Chat> {
  const [machine] = await world.hub.api.machines.list();
  if (!machine) throw new Error("the hub has no machine");
  const spawned = await machineCalls(world.hub.api).spawn(machine.id, {
    directory: world.hub.directory,
    agent: "demo",
    launchId: crypto.randomUUID(),
  });
  if (spawned.type !== "success") throw new Error(`no session: ${JSON.stringify(spawned)}`);
  const open = await openPage(world.browser, { size, scheme, signedIn: world.hub });
  const { page } = open;
  // sooner than the test's own limit, at which the runner would end the hub too
  page.setDefaultTimeout(STEP_MS);
  await page.goto(`${world.hub.url}/sessions/${spawned.sessionId}`);
  const conversation = page.getByRole("region", { name: "Conversation" });
  await field(page).waitFor();
  return {
    id: spawned.sessionId,
    open,
    page,
    conversation,
    say: (text) => say(page, text),
    turnEnds: (count) =>
      conversation
        .getByText(/^Done ·/)
        .nth(count - 1)
        .waitFor(),
    [Symbol.asyncDispose]: async () => {
      await open[Symbol.asyncDispose]();
      const { active } = await world.hub.api.sessions.get(spawned.sessionId);
      if (active) await world.hub.api.sessions.end(spawned.sessionId);
    },
  };
}
describe.each(LOOKS)("on a %s, %s", (size, scheme) => {
  test(
    "text shows while it streams, and Stop ends the turn",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await chat.say("slow 400 50");
      await conversation.getByText("chunk 3 ").waitFor();
      expect(await conversation.getByText("chunk 400").count()).toBe(0);
      expect(await axe(page)).toEqual([]);
      await button(page, "Stop").click();
      await conversation
        .getByText(/^Interrupted/)
        .first()
        .waitFor();
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "a command is shown before it is allowed, and a refusal takes its reason to the agent",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await chat.say("run: echo first");
      const card = page.getByRole("group", { name: /wants to run a command/ });
      await card.waitFor();
      expect(await card.getByLabel("Command").innerText()).toContain("echo first");
      expect(await axe(page)).toEqual([]);
      await decide(button(page, "Allow"), conversation.getByText(/^Done ·/).first());
      await chat.say("run: echo second");
      await button(page, "Deny with a reason").click();
      await page.getByLabel("Reason").fill("not on this machine");
      await decide(button(page, "Deny"), conversation.getByRole("button", { name: /^Denied/ }));
      await chat.turnEnds(2);
      await conversation.getByRole("button", { name: /^Denied/ }).click();
      await conversation.getByText("not on this machine").first().waitFor();
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "an edit is approved by its diff, once for the whole session",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await chat.say("write notes.md: one two");
      await conversation.getByText("one two").first().waitFor();
      await decide(button(page, /^Allow for this session/), conversation.getByText(/^Done ·/).first());
      await chat.say("edit notes.md: two => three");
      await chat.turnEnds(2);
      await button(page, /Changed notes\.md/)
        .last()
        .click();
      await conversation.getByText("one three").first().waitFor();
      expect(await axe(page)).toEqual([]);
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "a question is answered with a choice",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await chat.say("ask: Which colour?|Red|Blue");
      await conversation.getByText("Which colour?").first().waitFor();
      await conversation.getByText("Blue", { exact: true }).click();
      expect(await axe(page)).toEqual([]);
      await decide(button(page, "Answer"), conversation.getByText("You picked Blue"));
      await chat.turnEnds(1);
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "a plan is sent back with what should be different, and approved with a mode",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await chat.say("plan: Paint the shed\\n\\n1. Sand it");
      const feedback = page.getByLabel("What should be different?");
      await decide(button(page, "Keep planning"), feedback);
      await feedback.fill("use green");
      await decide(button(page, "Send feedback"), conversation.getByText(/think of this: use green/));
      await chat.turnEnds(1);
      await chat.say("plan: Paint it green");
      await page.getByLabel("When approved, go on with").waitFor();
      expect(await axe(page)).toEqual([]);
      await decide(button(page, "Approve plan"), conversation.getByText(/The plan is approved/));
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "prompts wait in the queue, can be cancelled, and come back to be edited",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await chat.say("slow 600 50");
      await conversation.getByText("chunk 3 ").waitFor();
      await chat.say("say: never said");
      await chat.say("say: edit me");
      const queue = page.getByRole("region", { name: /wait/ });
      await queue.getByText("say: edit me").waitFor();
      expect(await axe(page)).toEqual([]);
      await queue.locator("li", { hasText: "never said" }).getByRole("button", { name: "Cancel this prompt" }).click();
      await queue.getByText("never said").waitFor({ state: "detached" });
      await queue.locator("li", { hasText: "edit me" }).getByRole("button", { name: "Edit this prompt" }).click();
      await queue.waitFor({ state: "detached" });
      await fieldHas(page, "say: edit me");
      await field(chat.page).fill("");
      await button(page, "Stop").click();
      await conversation
        .getByText(/^Interrupted/)
        .first()
        .waitFor();
      expect(await conversation.getByText("never said").count()).toBe(0);
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "a picture goes with the prompt",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await page.locator("input[type=file]").setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: DOT });
      await page.getByText("dot.png").waitFor();
      await chat.say("say: seen");
      await conversation.getByText(/I got 1 image/).waitFor();
      await page.getByRole("list", { name: "Attached files" }).getByText("dot.png").waitFor();
      expect(await page.getByRole("list", { name: "Files to send" }).count()).toBe(0);
      // Nobody is there to take it: it is woken, as by the prompt alone.
      await world.hub.api.sessions.end(chat.id);
      await page.getByText("Ended").first().waitFor();
      await page.locator("input[type=file]").setInputFiles({ name: "again.png", mimeType: "image/png", buffer: DOT });
      await page.getByText("again.png").waitFor();
      await chat.say("say: seen again");
      await conversation
        .getByText(/I got 1 image/)
        .nth(1)
        .waitFor();
      expect(await axe(page)).toEqual([]);
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "a failed turn says what happened, and Retry goes on with the same conversation",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await chat.say("say: remember this");
      await chat.turnEnds(1);
      await chat.say("fail 529 x1");
      const card = page.getByRole("group", { name: "The turn failed" });
      await card.getByText("The conversation and everything done so far are kept.").waitFor();
      expect(await axe(page)).toEqual([]);
      await card.getByRole("button", { name: "Retry" }).click();
      await conversation.getByText("Recovered after 1 failure.").waitFor();
      await page.getByRole("listitem").filter({ hasText: "remember this" }).first().waitFor();
      await button(page, "Retry").waitFor({ state: "detached" });
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "a failed turn is tried again by itself once the person allows it, and the details say how the session stands",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page, conversation } = chat;
      await chat.say("fail 529 x1");
      const card = page.getByRole("group", { name: "The turn failed" });
      await card.getByLabel("Retry by itself").check();
      await card.getByText(/^Retrying/).waitFor();
      await conversation.getByText("Recovered after 1 failure.").waitFor({ timeout: 60_000 });
      expect(await promptWith(page, "fail 529").count()).toBe(1);
      await button(page, "Session details").click();
      const sheet = page.getByRole("dialog");
      await sheet.getByText("Conversation used").waitFor();
      await sheet.getByText("The running session").waitFor();
      expect(await sheet.getByLabel("Retry by itself").isChecked()).toBe(true);
      expect(await axe(page)).toEqual([]);
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "a prompt for later waits at the hub through an end and a resume of its session, and is taken back",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page } = chat;
      await chat.say("say: first");
      await chat.turnEnds(1);
      await field(chat.page).fill("say: much later");
      await button(page, "More").click();
      await page.getByRole("menuitem", { name: "Send later" }).click();
      await page
        .getByRole("dialog")
        .getByRole("button", { name: /In 2 hours/ })
        .click();
      await button(page, "Send later").click();
      const row = page.getByRole("region", { name: /wait/ }).locator("li", { hasText: "much later" });
      await row.getByText(/^Goes out /).waitFor();
      const id = page.url().split("/").at(-1) ?? "";
      await world.hub.api.sessions.end(id);
      await button(page, "Resume").click();
      await button(page, "Resume").waitFor({ state: "detached", timeout: 30_000 });
      await chat.say("say: second");
      await chat.turnEnds(2);
      await row.getByText(/^Goes out /).waitFor();
      await row.getByRole("button", { name: "Cancel this prompt" }).click();
      await row.waitFor({ state: "detached" });
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "a draft survives a reload; the mode and the name can be changed",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page } = chat;
      await field(chat.page).fill("half a thought");
      await page.reload();
      await fieldHas(page, "half a thought");
      await button(page, "More").click();
      await page.getByRole("menuitem", { name: /Permission mode/ }).click();
      await page
        .getByRole("dialog")
        .getByRole("button", { name: /Read only/ })
        .click();
      await button(page, "More").click();
      await page
        .getByRole("menuitem", { name: /Permission mode/ })
        .getByText("Read only")
        .waitFor();
      await page.keyboard.press("Escape");
      await button(page, "Session details").click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill("A better name");
      expect(await axe(page)).toEqual([]);
      await dialog.getByRole("button", { name: "Rename" }).click();
      await page.getByRole("heading", { level: 1, name: "A better name" }).waitFor();
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "an archived session takes a prompt only after it was brought back; what was typed stays",
    async () => {
      await using chat = await startChat(size, scheme);
      const { page } = chat;
      await chat.say("say: before");
      await chat.turnEnds(1);
      const id = page.url().split("/").at(-1) ?? "";
      await world.hub.api.sessions.archive(id, "put away");
      await page.getByText("This session is archived.").waitFor();
      await field(chat.page).fill("say: after");
      expect(await button(page, "Send").isDisabled()).toBe(true);
      expect(await axe(page)).toEqual([]);
      await button(page, "Bring it back").click();
      await page.getByText("This session sleeps. Sending wakes it.").waitFor();
      await button(page, "Send").click();
      await chat.turnEnds(2);
      await chat.conversation.getByText("after", { exact: true }).waitFor();
      expect(chat.open.problems).toEqual([]);
    },
    LIMIT_MS,
  );
});

const DOT = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
