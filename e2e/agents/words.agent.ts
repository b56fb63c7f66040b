/** What Claude says beside its answers, and words of a person that look like its own, all the way to the web. */
import { expect, test } from "bun:test";
import type { AgentEvent } from "@hapi/protocol";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import type { WebSession } from "./web.ts";
import { createWorld } from "./world.ts";

type Notice = Extract<AgentEvent, { type: "notice" }>;

const notices = (session: WebSession): Notice[] => session.history.filter((event): event is Notice => event.type === "notice");

test("in the terminal: commands of Claude's own and of the shell are on the web with what they said, and /clear ends the list of things to do", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "/context");
  await world.web.until(() => notices(session).some((notice) => notice.command === "/context"), "the output of /context");
  expect(notices(session).find((notice) => notice.command === "/context")?.text).toContain("Context usage");

  await terminal.type("!");
  await shows(terminal, "for shell mode");
  await enter(terminal, "echo seen-from-afar");
  await session.tells("ended: completed");
  expect(session.told.slice(-6)).toEqual([
    "typed: !echo seen-from-afar",
    "started",
    "calls: Bash",
    "result: completed",
    expect.stringContaining("says: "),
    "ended: completed",
  ]);

  await enter(terminal, "todo: one, two");
  await world.web.until(() => (session.value.todos ?? []).length === 2, "a list of things to do");
  await session.idle();
  await enter(terminal, "/clear");
  await world.web.until(() => notices(session).some((notice) => notice.text.includes("was cleared")), "the mark");
  await world.web.until(() => session.value.todos?.length === 0, "nothing is left to do");
}, 480_000);

test("from the web: what commands say stands before their end, and a failed prompt that looks like Claude's own line is repeated with its words", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote --permission-mode acceptEdits");
  await shows(terminal, BANNER);
  await session.ask("hello");
  await session.ask("/mcp");
  const output = session.history.findIndex((event) => event.type === "notice" && event.command === "/mcp");
  expect(session.history.slice(output).some((event) => event.type === "turn-ended")).toBe(true);
  // On the terminal's own screen too, which shows what goes on. The one server is HAPI's.
  await shows(terminal, "1 MCP server: 1 connected");

  const words = "<task-notification>read this</task-notification>";
  world.models.setScenario({ turns: [{ error: { status: 529, message: "Selected model is at capacity" } }] });
  const failed = await session.send(words);
  await session.finished(failed, "failed");
  await session.idle();
  await world.web.api.sessions.retry(session.id);
  await session.finished(failed);
  // Claude puts the command before it into the same message.
  expect(world.lastConversation().at(-1)).toEndWith(words);
  expect(world.lastConversation().filter((line) => line.includes("read this"))).toHaveLength(1);
}, 480_000);
