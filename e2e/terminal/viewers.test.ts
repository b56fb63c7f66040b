/** One session and the terminals on it: leave and come back, a second screen, another size, another session, the end and the way back. */
import { afterAll, beforeAll, expect } from "bun:test";
import type { SessionSummary } from "@hapi/protocol";
import type { Tmux } from "@hapi/testkit";
import { HAPI, isReady, openPlace, type Place, STACK_TRACE, terminalTest, until } from "./place.ts";

let place: Place;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

/** `hapi demo` in a terminal; resolves when its screen is there. */
async function open(cwd: string, args = ""): Promise<Tmux> {
  const terminal = await place.shell(cwd);
  try {
    await terminal.type(`clear; ${HAPI} demo ${args}; echo "code $?"\n`);
    await terminal.until(isReady, { timeoutMs: 80_000, what: "the demo agent" });
    return terminal;
  } catch (cause) {
    await terminal[Symbol.asyncDispose]();
    throw cause;
  }
}

async function sessionsOf(cwd: string): Promise<SessionSummary[]> {
  return (await place.api().sessions.list()).filter((session) => session.metadata?.path === cwd);
}

async function onlySessionOf(cwd: string): Promise<string> {
  const [session, ...others] = await sessionsOf(cwd);
  expect(others).toEqual([]);
  return session?.id ?? "";
}

const viewers = async (id: string): Promise<number | undefined> => (await place.facts(id))?.viewers.length;

terminalTest("Ctrl-Z gives the shell back, fg the session; the turn went on meanwhile", async () => {
  const cwd = place.project("suspend");
  await using terminal = await open(cwd);
  await terminal.type("slow 20 100\n");
  await terminal.until((screen) => screen.includes("chunk 3"), { what: "the turn runs" });
  await terminal.keys("C-z");
  await terminal.until((screen) => screen.includes("Stopped") && screen.trimEnd().endsWith("$"), { what: "the shell" });
  const id = await onlySessionOf(cwd);
  await until(async () => (await viewers(id)) === 0, "nobody looks");
  await terminal.type("echo still a $((40 + 2)) shell\n");
  await terminal.until((screen) => screen.includes("still a 42 shell"), { what: "the shell works" });
  await terminal.type("fg\n");
  await terminal.until((screen) => screen.includes("chunk 20") && screen.trimEnd().endsWith("\n>"), {
    what: "the session again, its turn done",
  });
  expect(await viewers(id)).toBe(1);
  await terminal.type("say: after fg\n");
  await terminal.until((screen) => screen.includes("\nafter fg"), { what: "it is the same session" });
});

terminalTest("a second `hapi demo` in the directory is a second screen of the same session; one leaves, the other stays", async () => {
  const cwd = place.project("two");
  await using first = await open(cwd);
  await using second = await open(cwd);
  const id = await onlySessionOf(cwd);
  expect(await viewers(id)).toBe(2);
  await first.type("say: typed in the first\n");
  await second.until((screen) => screen.includes("\ntyped in the first"), { what: "the first's turn on the second" });
  await second.type("say: typed in the second\n");
  await first.until((screen) => screen.includes("\ntyped in the second"), { what: "the second's turn on the first" });
  await second[Symbol.asyncDispose]();
  await until(async () => (await viewers(id)) === 1, "one has left");
  await first.type("say: alone again\n");
  await first.until((screen) => screen.includes("\nalone again"), { what: "the other goes on" });
});

terminalTest("--new makes another session; the newest is continued from then on; Ctrl-D ends one with its exit code", async () => {
  const cwd = place.project("new");
  await using first = await open(cwd);
  await first.type("say: I am the first\n");
  await first.until((screen) => screen.includes("\nI am the first"), { what: "the first's turn" });
  const firstId = await onlySessionOf(cwd);
  await using second = await open(cwd, "--new");
  const ids = (await sessionsOf(cwd)).map((session) => session.id);
  expect(ids.length).toBe(2);
  const secondId = ids.find((id) => id !== firstId) ?? "";
  await using third = await open(cwd);
  expect(await third.screen()).not.toContain("I am the first");
  expect(await viewers(secondId)).toBe(2);
  await third.keys("C-d");
  await third.until((screen) => screen.includes("code 0"), { what: "the end" });
  await second.until((screen) => screen.includes("code 0"), { what: "the end on its other screen" });
  await until(async () => (await sessionsOf(cwd)).some((session) => session.id === secondId && !session.active), "it is inactive");
  expect((await place.api().sessions.get(secondId)).metadata?.lifecycleState).toBe("completed");
  expect(await place.facts(secondId)).toBeNull();
  expect(await viewers(firstId)).toBe(1);
});

terminalTest("a new size is drawn at once, by the agent's screen and by the remote one", async () => {
  const cwd = place.project("sizes");
  await using terminal = await open(cwd);
  const id = await onlySessionOf(cwd);
  await terminal.resize(60, 20);
  await until(async () => (await place.facts(id))?.viewers.some(({ cols, rows }) => cols === 60 && rows === 20), "the host knows the size");
  await terminal.type(`say: ${"wide ".repeat(20)}end\n`);
  await terminal.until((screen) => screen.includes("wide end") && screen.split("\n").every((line) => line.length <= 60), {
    what: "wrapped for sixty columns",
  });
  await place.api().messages.send(id, { text: "say: from afar", localId: crypto.randomUUID(), wake: true });
  const top = (cols: number): string => `┌${"─".repeat(Math.min(cols, 47) - 2)}┐`;
  await terminal.until((screen) => screen.startsWith(top(60)) && screen.includes("from afar"), { what: "the remote screen" });
  await terminal.resize(30, 15);
  await terminal.until((screen) => screen.startsWith(top(30)), { what: "the remote screen, narrow" });
  await terminal.resize(100, 30);
  await terminal.until((screen) => screen.startsWith(top(100)) && screen.includes("from afar"), { what: "the remote screen, wide" });
  await terminal.type("  ");
  await terminal.until(isReady, { what: "the agent's screen" });
});

terminalTest("hapi sessions, stop and resume: listed, ended, continued with its memory", async () => {
  const cwd = place.project("stop");
  await using terminal = await open(cwd);
  await terminal.type("say: remember me\n");
  await terminal.until((screen) => screen.includes("\nremember me"), { what: "a turn" });
  const id = await onlySessionOf(cwd);
  const listed = await place.hapi(["sessions"]);
  expect([listed.code, listed.stderr]).toEqual([0, ""]);
  const line = listed.stdout.split("\n").find((one) => one.startsWith(id.slice(0, 8))) ?? "";
  // Nobody has looked at it anywhere but in its terminal, which the hub can't know.
  expect(line).toMatch(/^\w{8}\s+done\s+demo\s+.*stop$/);

  await terminal.type("slow 60 200\n");
  // Or it would be the turn before that the hub shows, of which it hears late.
  await terminal.until((screen) => screen.includes("chunk 1"), { what: "the turn runs" });
  await until(async () => (await place.api().sessions.get(id)).thinking, "the hub shows it working");
  const refused = await place.hapi(["stop", id.slice(0, 8)]);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    "hapi: It is working on something. Nothing was ended. Use --force to end it anyway.\n",
  ]);
  await terminal.keys("C-c");
  await terminal.until((screen) => screen.includes("Stopped."), { what: "the turn is interrupted" });
  await until(async () => !(await place.api().sessions.get(id)).thinking, "the hub shows it idle");

  const stopped = await place.hapi(["stop", id.slice(0, 8)]);
  expect([stopped.code, stopped.stderr]).toEqual([0, ""]);
  expect(stopped.stdout).toContain(`hapi resume ${id.slice(0, 8)}`);
  await terminal.until((screen) => /code \d/.test(screen), { what: "the screen is over" });
  expect(await terminal.screen()).not.toMatch(STACK_TRACE);
  await until(async () => (await place.facts(id)) === null, "its host has ended");
  await until(async () => !(await place.api().sessions.get(id)).active, "it is inactive");
  expect((await place.api().sessions.get(id)).metadata?.lifecycleState).toBe("aborted");
  expect((await place.hapi(["sessions"])).stdout).toMatch(new RegExp(`^${id.slice(0, 8)}\\s+ended`, "m"));
  expect((await place.hapi(["stop", id])).stdout).toBe(`${id} is not running.\n`);

  await terminal.type(`clear; ${HAPI} resume ${id.slice(0, 8)}\n`);
  await terminal.until(isReady, { what: "the session again" });
  await terminal.type("recall\n");
  await terminal.until((screen) => screen.includes("1. say: remember me"), { what: "its memory" });
  expect(await onlySessionOf(cwd)).toBe(id);
  await until(async () => (await place.api().sessions.get(id)).active, "it is active");

  const forced = await place.hapi(["stop", id, "--force"]);
  expect([forced.code, forced.stdout]).toEqual([0, `${id} was ended. Continue it with: hapi resume ${id.slice(0, 8)}\n`]);
  expect(await place.facts(id)).toBeNull();
  const remote = await place.hapi(["resume", id, "--remote"]);
  expect([remote.code, remote.stdout, remote.stderr]).toEqual([0, `${id} is running again.\n`, ""]);
  expect(await place.facts(id)).not.toBeNull();
  expect(await onlySessionOf(cwd)).toBe(id);
});

terminalTest("an archived session is offered, never revived by itself: yes continues it, no starts another", async () => {
  const cwd = place.project("archive");
  await using first = await open(cwd);
  await first.type("say: put me away\n");
  await first.until((screen) => screen.includes("\nput me away"), { what: "a turn" });
  const id = await onlySessionOf(cwd);
  await place.api().sessions.archive(id);
  await first.until((screen) => /code \d/.test(screen), { what: "its screen is over" });
  await first[Symbol.asyncDispose]();
  await until(async () => (await place.facts(id)) === null, "its host has ended");
  expect((await place.hapi(["sessions"])).stdout).not.toContain(id.slice(0, 8));
  expect((await place.hapi(["sessions", "--all"])).stdout).toContain(id.slice(0, 8));

  await using no = await place.shell(cwd);
  await no.type(`clear; ${HAPI} demo\n`);
  await no.until((screen) => screen.includes("is archived. Continue it?"), { what: "the offer" });
  await no.type("n\n");
  await no.until(isReady, { what: "another session" });
  expect((await sessionsOf(cwd)).length).toBe(2);
  expect((await place.api().sessions.get(id)).metadata?.lifecycleState).toBe("archived");
  const other = (await sessionsOf(cwd)).find((session) => session.id !== id)?.id ?? "";
  await no.keys("C-d");
  await until(async () => (await place.facts(other)) === null, "the other has ended");
  await place.api().sessions.archive(other);

  await using yes = await place.shell(cwd);
  await yes.type(`clear; ${HAPI} demo --existing-session-id ${id}\n`);
  await yes.until(isReady, { what: "the archived one, asked for by its id" });
  await yes.type("recall\n");
  await yes.until((screen) => screen.includes("1. say: put me away"), { what: "its memory" });
  await until(async () => (await place.api().sessions.get(id)).metadata?.lifecycleState === "paused", "it is no longer archived");
});
