/** `hapi resume` in a terminal: the directory's session comes back with its conversation; elsewhere it is chosen from a list. */
import { afterAll, beforeAll, expect } from "bun:test";
import { HAPI, isReady, openPlace, type Place, terminalTest, until } from "./place.ts";

let place: Place;
let shop: string;
let sessionId: string;
beforeAll(async () => {
  place = await openPlace();
  shop = place.project("shop");
  sessionId = (await place.hapi(["demo", "--new", "--hapi-starting-mode", "remote"], { cwd: shop })).stdout.trim();
  await until(async () => (await place.api().sessions.get(sessionId)).active, "the session runs");
  expect((await place.hapi(["send", ".", "say: remember me", "--wait"], { cwd: shop })).stdout).toBe("remember me\n");
  expect((await place.hapi(["stop", sessionId, "--force"], { cwd: shop })).code).toBe(0);
}, 240_000);
afterAll(() => place[Symbol.asyncDispose](), 60_000);

/** No process of it, and its row says so: the one comes before the other. */
async function hasEnded(): Promise<boolean> {
  const { active, metadata } = await place.api().sessions.get(sessionId);
  return !active && metadata?.lifecycleState === "completed";
}

terminalTest(
  "without a session: this directory's, same id, with what was said before",
  async () => {
    await using terminal = await place.shell(shop);
    await terminal.type(`clear; ${HAPI} resume\n`);
    const screen = await terminal.until(isReady, { timeoutMs: 80_000, what: "the demo agent" });
    expect(screen).toContain(`Session ${sessionId.slice(0, 8)} (continued)`);
    await terminal.type("recall\n");
    await terminal.until((now) => now.includes("say: remember me"), { what: "the earlier prompt" });
    expect(place.sessionIds()).toEqual([sessionId]);
    await terminal.keys("C-d");
    await until(hasEnded, "the session has ended");
  },
  240_000,
);

terminalTest(
  "in a directory without one: a list to choose from; Enter chooses none, a number that one",
  async () => {
    await using terminal = await place.shell(place.project("elsewhere"));
    await terminal.type(`clear; ${HAPI} resume; echo "code $?"\n`);
    const list = await terminal.until((now) => now.includes("Which one?"), { timeoutMs: 80_000, what: "the list" });
    expect(list).toContain("This directory has no session. Continue another one?");
    expect(list).toMatch(new RegExp(`1 +${sessionId.slice(0, 8)} +ended`));
    await terminal.type("\n");
    await terminal.until((now) => now.includes("code 0"), { what: "the shell" });
    expect((await place.api().sessions.get(sessionId)).active).toBe(false);

    await terminal.type(`clear; ${HAPI} resume\n`);
    await terminal.until((now) => now.includes("Which one?"), { timeoutMs: 80_000, what: "the list again" });
    await terminal.type("7\n");
    await terminal.until((now) => now.split("Which one?").length > 2, { what: "asked again" });
    await terminal.type("1\n");
    const screen = await terminal.until(isReady, { timeoutMs: 80_000, what: "the demo agent" });
    expect(screen).toContain(`Session ${sessionId.slice(0, 8)} (continued)`);
    expect(screen).toContain(`Path: ${shop}`);
  },
  240_000,
);
