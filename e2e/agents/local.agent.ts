/** Claude in its own terminal, watched and answered from the web, through every process of HAPI. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { atPrompt, BANNER, DIALOG, enter, press, quit, shows } from "./tui.ts";
import { createWorld } from "./world.ts";

/** Claude has it; on a busy machine its record may take longer to show that than the hub waits. */
const isTaken = ({ status }: { status: string }): void => expect(["applied", "sent"]).toContain(status);
const isClosed = (screen: string): boolean => !DIALOG.test(screen);

test("a turn typed in the terminal is on the web in order, while it happens", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await world.web.until(
    () => session.value.metadata?.lifecycleState === "paused" && session.value.agentState?.controlledByUser === true,
    "the terminal has control",
  );
  await enter(terminal, "run: echo hi-there");
  await session.tells("ended: completed");
  expect(session.told).toEqual([
    "typed: run: echo hi-there",
    "started",
    "calls: Bash",
    "result: completed",
    expect.stringContaining("says: Done"),
    "ended: completed",
  ]);
  const bash = session.history.find((event) => event.type === "tool-result");
  expect(bash?.type === "tool-result" && bash.output).toContain("hi-there");
  await session.idle();
  const thinking = world.web.events.flatMap((event) =>
    event.type === "session-updated" && event.data && "thinking" in event.data ? [event.data.thinking] : [],
  );
  expect(thinking).toContain(true);

  await enter(terminal, "second turn");
  await session.tells("says: Echo: second turn");
  await session.tells("ended: completed", 6);
  expect(session.told.slice(6)).toEqual(["typed: second turn", "started", "says: Echo: second turn", "ended: completed"]);
}, 480_000);

test("a permission asked in the terminal: answered from the web it closes the dialog, answered in the terminal it closes the web's request", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  const ids: string[] = [];
  const ask = async (command: string): Promise<string> => {
    await enter(terminal, `run: ${command}`);
    const request = await session.request(ids);
    ids.push(request.id);
    expect(request).toMatchObject({ tool: "Bash", kind: "permission", arguments: { command } });
    await shows(terminal, DIALOG);
    return request.id;
  };
  const closing = (id: string) =>
    world.web.until(() => !session.requests.some((one) => one.id === id) && session.closed(id), "the request is closed");

  const allowed = await ask("touch from-afar");
  isTaken(await world.web.api.permissions.approve(session.id, allowed));
  await terminal.until(isClosed, { what: "the dialog closes" });
  expect(await closing(allowed)).toMatchObject({ status: "approved", answeredBy: "person" });
  await session.tells("ended: completed");
  expect(existsSync(join(world.cwd, "from-afar"))).toBe(true);

  const denied = await ask("touch never-made");
  isTaken(await world.web.api.permissions.deny(session.id, denied, { reason: "rather not" }));
  await terminal.until(isClosed, { what: "the dialog closes" });
  expect(await closing(denied)).toMatchObject({ status: "denied", reason: "rather not", answeredBy: "person" });
  await session.tells(/ended/, session.told.indexOf("ended: completed") + 1);
  expect(world.lastConversation().join("\n")).toContain("rather not");
  expect(existsSync(join(world.cwd, "never-made"))).toBe(false);

  const byHand = await ask("sleep 5; touch by-hand");
  await press(terminal, "1");
  expect(await closing(byHand)).toMatchObject({ status: "approved", answeredBy: "terminal" });
  // Nobody is asked any more as soon as it runs, not only when it has run.
  expect(existsSync(join(world.cwd, "by-hand"))).toBe(false);
  await session.turns(3);
  await session.idle();
  expect(existsSync(join(world.cwd, "by-hand"))).toBe(true);

  const refused = await ask("touch refused");
  await press(terminal, "Escape");
  expect(await closing(refused)).toMatchObject({ status: "denied", answeredBy: "terminal" });
  await session.tells("ended: interrupted");
  expect(existsSync(join(world.cwd, "refused"))).toBe(false);
  // Too late is a clear answer, not an error and not a second decision.
  expect(await world.web.api.permissions.approve(session.id, refused)).toMatchObject({ status: "closed" });
}, 480_000);

test("Yes in the terminal, then deny from the web: the web hears and shows that it was allowed in the terminal, and it runs", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  const closing = (id: string) => world.web.until(() => session.closed(id), "the request is closed");
  const seen: string[] = [];
  for (const [at, gapMs] of [0, 300, 1_600].entries()) {
    await enter(terminal, `run: touch both-${gapMs}; sleep 2`);
    const { id } = await session.request(seen);
    seen.push(id);
    await shows(terminal, DIALOG);
    await press(terminal, "1");
    await terminal.until(isClosed, { what: "the dialog closes" });
    await new Promise((resolve) => setTimeout(resolve, gapMs));
    const heard = await world.web.api.permissions.deny(session.id, id, { reason: "rather not" });
    expect(heard.status).not.toBe("applied");
    await session.turns(at + 1);
    const row = await world.web.until(() => {
      const closed = session.closed(id);
      return closed?.provisional ? undefined : closed;
    }, "what the record says");
    expect(row).toMatchObject({ status: "approved", answeredBy: "terminal" });
    // Who was told that it was sent finds it there as what did not count.
    if (heard.status === "sent") expect(row.lost).toMatchObject({ decision: "denied" });
    else expect(heard).toMatchObject({ status: "closed", outcome: { status: "approved", by: "terminal" } });
    expect(existsSync(join(world.cwd, `both-${gapMs}`))).toBe(true);
    await closing(id);
  }
  // Far too late, in words.
  const [first = ""] = seen;
  const late = await world.web.api
    .request("POST", `/api/sessions/${session.id}/permissions/${first}/deny`, { body: {} })
    .catch((cause: Error) => cause.message);
  expect(late).toBe("It was allowed in the terminal already");
}, 480_000);

test("Esc in the terminal, then allow from the web: the web hears that it was denied in the terminal, and it does not run", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "run: touch never-made");
  const { id } = await session.request();
  await shows(terminal, DIALOG);
  await press(terminal, "Escape");
  await terminal.until(isClosed, { what: "the dialog closes" });
  const heard = await world.web.api.permissions.approve(session.id, id);
  expect(heard.status).not.toBe("applied");
  const row = await world.web.until(() => session.closed(id), "the request is closed");
  expect(row).toMatchObject({ status: "denied", answeredBy: "terminal" });
  await session.tells("ended: interrupted");
  expect(existsSync(join(world.cwd, "never-made"))).toBe(false);
}, 480_000);

test("an open request that space-space withdraws is told as withdrawn, its tool as cancelled: nobody denied anything", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await session.send("run: touch never-made");
  const { id } = await session.request();
  await shows(terminal, BANNER);
  await terminal.keys("Space", "Space");
  const row = await world.web.until(() => session.closed(id), "the request is closed");
  expect(row).toMatchObject({ status: "canceled", reason: expect.stringContaining("Withdrawn") });
  await session.tells("result: cancelled");
  expect(session.told).not.toContain("result: denied");
}, 480_000);

test("a question on the terminal's screen is answered from the web", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "ask: Which color?|Red|Blue");
  const request = await session.request();
  expect(request.kind).toBe("question");
  await shows(terminal, "Which color?");
  isTaken(await world.web.api.permissions.approve(session.id, request.id, { answers: { "0": ["Blue"] } }));
  await session.tells("ended: completed");
  expect(world.lastConversation().join("\n")).toContain('"Which color?"="Blue"');
  expect(await world.web.until(() => session.closed(request.id), "closed")).toMatchObject({
    status: "approved",
    answers: { "0": ["Blue"] },
  });
  await atPrompt(terminal);
}, 480_000);

test("quitting ends the session; hapi again in the same directory continues session and conversation, --new starts another", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "remember pineapple");
  await session.tells("ended: completed");
  const thread = session.value.metadata?.claudeSessionId;
  expect(thread).toBeString();
  await quit(terminal);
  await world.web.until(() => !session.value.active && session.value.metadata?.lifecycleState === "completed", "completed and inactive");
  expect(world.web.state.summaries[session.id]).toMatchObject({ active: false });
  await enter(terminal, "clear; echo code=$?");
  await shows(terminal, "code=0");

  await enter(terminal, "clear; hapi");
  await atPrompt(terminal);
  await shows(terminal, "remember pineapple");
  await world.web.until(
    () => session.value.active && session.value.metadata?.lifecycleState === "paused",
    "the same session is active again",
  );
  await enter(terminal, "what was it");
  await session.tells("says: Echo: what was it");
  expect(world.lastConversation().join("\n")).toContain("remember pineapple");
  expect(session.value.metadata?.claudeSessionId).toBe(thread as string);
  expect(session.told.filter((line) => line.startsWith("typed"))).toEqual(["typed: remember pineapple", "typed: what was it"]);
  await session.idle();
  await quit(terminal);

  await enter(terminal, "clear; hapi claude --new");
  const other = await world.session([session.id]);
  await atPrompt(terminal);
  await enter(terminal, "fresh start");
  await other.tells("says: Echo: fresh start");
  expect(world.lastConversation().join("\n")).not.toContain("pineapple");
  expect(Object.keys(world.web.state.summaries).toSorted()).toEqual([session.id, other.id].toSorted());
  // Claude itself agrees: two conversations, not three.
  const projects = join(world.home, ".claude", "projects");
  expect(readdirSync(projects).flatMap((name) => readdirSync(join(projects, name)).filter((file) => file.endsWith(".jsonl")))).toHaveLength(
    2,
  );
}, 480_000);
