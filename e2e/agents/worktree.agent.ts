/**
 * Claude moves a conversation that enters a worktree. Terminal, web and phone go on with it; and where its record is lost altogether, what it says
 * is shown all the same, with a warning that the diagnostics and `hapi doctor` count.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

const git = (cwd: string, ...words: string[]): void =>
  void execFileSync("git", ["-c", "user.email=a@example.org", "-c", "user.name=A", ...words], { cwd });

/** Every file of the conversation in Claude's folders. */
function records(world: World, thread: string): string[] {
  const projects = join(world.home, ".claude", "projects");
  return readdirSync(projects).flatMap((name) =>
    readdirSync(join(projects, name))
      .filter((file) => file === `${thread}.jsonl`)
      .map((file) => join(projects, name, file)),
  );
}

test("into a worktree in the terminal, on from the phone, back in the terminal; then without any record", async () => {
  await using world = await createWorld();
  git(world.cwd, "init", "-q", "-b", "main");
  git(world.cwd, "commit", "-q", "--allow-empty", "-m", "first");
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, 'call: EnterWorktree {"name":"wtx"}');
  await session.turns(1);
  await enter(terminal, "say: typed in the worktree");
  await session.tells("says: typed in the worktree");
  await session.turns(2);
  const thread = session.value.metadata?.claudeSessionId ?? "";
  const [record = ""] = records(world, thread);
  expect(record).toContain("worktrees-wtx");

  await session.ask("say: sent from the phone");
  await shows(terminal, BANNER);
  expect(records(world, thread)).toEqual([record]);
  await terminal.keys("Space", "Space");
  await atPrompt(terminal);
  await enter(terminal, "say: typed again");
  await session.turns(4);
  expect(session.told.filter((line) => line.startsWith("says: ")).slice(-3)).toEqual([
    ...["says: typed in the worktree", "says: sent from the phone", "says: typed again"],
  ]);
  expect(session.history.filter((event) => event.type === "notice" && event.level === "warning")).toEqual([]);
  expect((await world.web.api.sessions.diagnostics(session.id)).losses).toEqual([]);

  await session.ask("say: from the phone again");
  rmSync(record);
  mkdirSync(record);
  await session.ask("say: without a record");
  expect(session.told.slice(-2)).toEqual(["says: without a record", "ended: completed"]);
  const [warning] = session.history.filter((event) => event.type === "notice" && event.level === "warning");
  expect(warning).toMatchObject({ text: expect.stringContaining("record of this conversation can't be found") });
  const { losses = [] } = await world.web.api.sessions.diagnostics(session.id);
  expect(losses).toMatchObject([{ kind: "record_missing", count: 1, details: { path: record } }]);
  const other = await world.terminal({ cols: 300, rows: 40 });
  await enter(other, "clear; hapi doctor");
  expect(await shows(other, /History +something may be missing/)).toContain("in 1 session: record missing 1×");
}, 480_000);
