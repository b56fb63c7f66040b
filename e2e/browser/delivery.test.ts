/**
 * What a person sees and does between sending and the agent's work: stages as one mark, an uncertain prompt, prompts into the running turn and
 * for later, machines that are away, a terminal that has control. On a phone in light, a desk in dark.
 */
import { describe, expect, test } from "bun:test";
import type { Locator } from "playwright-core";
import { able, button, field, look, openChat, promptWith, queue, queued, say } from "./chat-page.ts";
import { AWAY, IDLE, MINUTE, WORKING } from "./fixture-data.ts";
import { bodyOf } from "./fixture-log.ts";
import { promptOf } from "./fixture-prompts.ts";
import { LOOKS, type OpenPage } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

describe.each(LOOKS)("on a %s, %s", (size, scheme) => {
  const chat = (id: string): Promise<OpenPage> => openChat(world, id, { size, scheme });

  test("a prompt shows where it is by one mark, with its word on tap", async () => {
    await using open = await chat(IDLE);
    const { page } = open;
    await say(page, "Where are you?");
    const prompt = promptWith(page, "Where are you?");
    await button(prompt, "Handed to the agent").waitFor();
    expect(await prompt.getByText("Handed to the agent").count()).toBe(0);
    const localId = world.hub.prompts.rows(world.hub.sessions.get(IDLE)!).at(-1)?.localId ?? "";
    const stage = (name: "in-transcript" | "started" | "done" | "interrupted"): void =>
      world.hub.push({ type: "message-stage", sessionId: IDLE, localId, stage: name, at: Date.now() });
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
    const session = world.hub.sessions.get(IDLE)!;
    const uncertain = { stage: "unknown" as const, deliveryState: "indeterminate", invokedAt: null };
    world.hub.prompts.tell(session, { id: "u1", localId: "l1", content: promptOf("maybe one"), ...uncertain });
    world.hub.prompts.tell(session, { id: "u2", localId: "l2", content: promptOf("maybe two"), ...uncertain });
    world.hub.prompts.tell(session, { id: "u3", localId: "l3", content: promptOf("maybe three"), stage: "unknown" });
    await using open = await chat(IDLE);
    const { page } = open;
    const row = (text: string): Locator => queued(page, text);
    await row("maybe one").getByText("It is not certain that the agent got this").waitFor();
    const said = promptWith(page, "maybe three");
    await said.getByText("It is not certain that the agent got this").waitFor();
    await look(page, "unknown");
    await button(row("maybe one"), "Leave it").click();
    await row("maybe one").waitFor({ state: "detached" });
    await button(said, "Leave it").click();
    await button(said, "Leave it").waitFor({ state: "detached" });
    await button(said, "It is not certain that the agent got this").waitFor();
    world.hub.setReachable(false);
    await page.getByText("Connection lost").waitFor();
    world.hub.setReachable(true);
    await page.reload();
    await row("maybe two").waitFor();
    expect(await row("maybe one").count()).toBe(0);
    expect(await button(said, "Leave it").count()).toBe(0);
    expect(world.hub.calls(/^POST .*\/messages/)).toEqual([]);
    await button(queue(page), "1 uncertain prompt left as it is").click();
    await row("maybe one").waitFor();
    await button(row("maybe two"), "Send again").click();
    await world.hub.received(/^POST \S+\/messages\/u2\/retry/);
    await row("maybe two").getByText("Waits for its turn").waitFor();
    expect(world.hub.calls(/^POST \S+\/messages/)).toHaveLength(1);
    expect(open.problems).toEqual([]);
  });

  test("while the agent works a prompt waits for its turn, or goes into the running one where the agent takes that", async () => {
    able(world.hub, WORKING, { steer: true });
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
    const line = await world.hub.received(/^POST \S+\/messages .*not that file/);
    const { deliveryMode, localId } = bodyOf(line);
    expect(deliveryMode).toBe("steer");
    await world.hub.received(new RegExp(`^POST \\S+/messages/${String(localId)}/steer`));
    await promptWith(page, "not that file").getByText("Given to the running turn").waitFor();
    expect(bodyOf(world.hub.calls(/after that/)[0] ?? "{}")["deliveryMode"]).toBeUndefined();
    await button(queued(page, "after that"), "Steer now").click();
    await promptWith(page, "after that").waitFor();
    expect(open.problems).toEqual([]);
  });

  test("an agent that can't be steered offers no choice", async () => {
    able(world.hub, WORKING, { steer: false });
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
    const { scheduledAt } = bodyOf(await world.hub.received(/^POST \S+\/messages .*night/));
    expect(Number(scheduledAt)).toBeGreaterThanOrEqual(before + 30 * MINUTE);
    expect(Number(scheduledAt)).toBeLessThan(Date.now() + 31 * MINUTE);
    const row = queued(page, "night's results");
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
    expect(world.hub.calls(/^DELETE \S+\/messages\//)).toHaveLength(2);
    expect(world.hub.prompts.rows(world.hub.sessions.get(IDLE)!).filter((message) => message.scheduledAt != null)).toEqual([]);
    expect(open.problems).toEqual([]);
  });

  test("a prompt to a machine that is away says what it waits for", async () => {
    await using open = await chat(AWAY);
    const { page } = open;
    await page.getByText("studio is offline. Prompts wait for it.").waitFor();
    await say(page, "when you are back");
    await queue(page).getByText("Waits for studio, which is offline").waitFor();
    expect(bodyOf(await world.hub.received(/^POST \S+\/messages /))["wake"]).toBe(true);
    await look(page, "offline-machine");
    expect(open.problems).toEqual([]);
  });

  test("the terminal has control and works: a prompt waits for its turn, or takes over now", async () => {
    able(world.hub, WORKING, { control: "switch" }, { agentState: { controlledByUser: true, requests: {}, completedRequests: {} } });
    await using open = await chat(WORKING);
    const { page } = open;
    await page.getByText("The terminal has control. A message takes over when its turn ends.").waitFor();
    await say(page, "my turn");
    await page.getByText("Your message goes in when the terminal's turn ends.").waitFor();
    await look(page, "take-over");
    await button(page, "Take over now").click();
    expect(bodyOf(await world.hub.received(/^POST \S+\/switch/))).toEqual({ to: "remote", now: true });
    expect(open.problems).toEqual([]);
  });

  test("what runs in the background is named, and taking over says what it ends before it does", async () => {
    const background = [{ id: "b1", kind: "shell" as const, label: "Dev server", command: "npm run dev" }];
    const state = { requests: {}, completedRequests: {}, background };
    able(world.hub, WORKING, { control: "switch" }, { thinking: false, agentState: { ...state, controlledByUser: false } });
    await using open = await chat(WORKING);
    const { page } = open;
    await page.getByText("1 running in the background: Dev server").waitFor();
    await look(page, "background");
    const handoff = { to: "remote" as const, waitsFor: "background", since: 1 };
    able(world.hub, WORKING, { control: "switch" }, { thinking: false, agentState: { ...state, controlledByUser: true, handoff } });
    await page.reload();
    await page.getByText("Taking over ends what the terminal runs in the background: Dev server").waitFor();
    await look(page, "background-handoff");
    await button(page, "End it and take over").click();
    expect(bodyOf(await world.hub.received(/^POST \S+\/switch/))).toEqual({ to: "remote", now: true });
    expect(open.problems).toEqual([]);
  });
});
