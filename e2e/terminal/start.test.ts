/** The first minute of a newcomer: `hapi demo` on an empty HOME, and what is left when the terminal is closed. */
import { afterEach, beforeEach, expect } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { decodeContent } from "@hapi/core";
import { isAlive, processStartTime } from "@hapi/platform";
import { HAPI, isReady, openPlace, type Place, terminalTest, until } from "./place.ts";

let place: Place;
beforeEach(async () => {
  place = await openPlace();
});
afterEach(() => place[Symbol.asyncDispose]());

terminalTest("on an empty HOME: a hub in the background, at most four lines, the screen; a closed terminal ends neither", async () => {
  const cwd = place.project("first");
  const terminal = await place.shell(cwd);
  await terminal.type(`clear; ${HAPI} demo\n`);
  const screen = await terminal.until(isReady, { timeoutMs: 80_000, what: "the demo agent" });
  const said = screen
    .slice(0, screen.indexOf("Demo agent"))
    .trimEnd()
    .split("\n")
    .filter((line) => !line.includes("$ "));
  expect(said.length).toBeLessThanOrEqual(4);
  expect(said.join("\n")).toContain(`http://127.0.0.1:${place.port}`);
  expect(said.join("\n")).toContain(cwd);

  const [hubPid = 0] = place.hubPids();
  const hub = { pid: hubPid, startTime: processStartTime(hubPid) };
  expect(isAlive(hub)).toBe(true);
  expect(statSync(place.home).mode & 0o777).toBe(0o700);
  expect(statSync(join(place.home, "settings.json")).mode & 0o777).toBe(0o600);
  await terminal.type("slow 30 200\n");
  await terminal.until((now) => now.includes("chunk 3"), { what: "the turn runs" });

  // tmux closes the pane: the viewer gets what a closed window gives it, SIGHUP.
  await terminal[Symbol.asyncDispose]();
  const [sessionId = ""] = place.sessionIds();
  await until(async () => (await place.facts(sessionId))?.viewers.length === 0, "the viewer is gone");
  const facts = await place.facts(sessionId);
  expect(facts?.processes.filter((one) => one.exit === null).length).toBe(1);
  expect(isAlive(hub)).toBe(true);
  const session = await place.api().sessions.get(sessionId);
  expect([session.active, session.metadata?.lifecycleState]).toEqual([true, "paused"]);

  await using again = await place.shell(cwd);
  await again.type(`clear; ${HAPI} demo\n`);
  await again.until((now) => now.includes("chunk 30"), { timeoutMs: 80_000, what: "the turn went on without a terminal" });
  expect(place.sessionIds()).toEqual([sessionId]);
  expect(place.hubPids()).toEqual([hubPid]);
});

terminalTest(
  "the hub is killed under a local turn: the terminal does not notice, the next hapi starts another, the history is complete",
  async () => {
    await using terminal = await place.shell(place.project("local"));
    await terminal.type(`clear; ${HAPI} demo\n`);
    await terminal.until(isReady, { timeoutMs: 80_000, what: "the demo agent" });
    const [sessionId = ""] = place.sessionIds();
    await terminal.type("slow 20 100\n");
    await terminal.until((screen) => screen.includes("chunk 3"), { what: "the turn runs" });
    const [hubPid = 0] = place.hubPids();
    process.kill(hubPid, "SIGKILL");
    await until(async () => processStartTime(hubPid) === null, "the hub is dead");
    await terminal.until((screen) => screen.includes("chunk 20"), { what: "the turn goes on" });
    await terminal.type("say: without a hub\n");
    await terminal.until((screen) => screen.includes("\nwithout a hub"), { what: "another turn" });
    expect(await place.hapi(["sessions"])).toMatchObject({ code: 1, stderr: expect.stringContaining("Start it with: hapi hub") });

    expect((await place.hapi(["demo", "--new", "--hapi-starting-mode", "remote"], { cwd: place.project("other") })).code).toBe(0);
    expect(place.hubPids().length).toBe(2);
    const texts = await until(async () => {
      const { messages } = await place.api().messages.page(sessionId, { limit: 100 });
      const said = messages
        .flatMap((row) => decodeContent(row.content, { id: row.id }))
        .flatMap((event) => (event.type === "agent-message" ? [event.text] : []));
      return said.includes("without a hub") ? said : null;
    }, "the history has caught up");
    expect(texts).toEqual([Array.from({ length: 20 }, (_, index) => `chunk ${index + 1} `).join(""), "without a hub"]);
    expect((await place.api().sessions.get(sessionId)).active).toBe(true);
  },
);

terminalTest("a hub that is configured and away: the session starts anyway, and is there in full when the hub comes", async () => {
  const env = { HAPI_API_URL: `http://127.0.0.1:${place.port}`, CLI_API_TOKEN: "a-token-of-a-hub-elsewhere" };
  await using terminal = await place.shell(place.project("away"), { env });
  await terminal.type(`clear; ${HAPI} demo\n`);
  const screen = await terminal.until(isReady, { timeoutMs: 80_000, what: "the demo agent" });
  expect(screen).toContain("can't be reached. The session starts anyway");
  expect(place.hubPids()).toEqual([]);
  await terminal.type("say: nobody listens\n");
  await terminal.until((now) => now.includes("\nnobody listens"), { what: "a turn" });

  await using server = await place.shell(place.root, { env });
  await server.type(`clear; ${HAPI} hub --port ${place.port} --no-qr --no-runner; echo "code $?"\n`);
  await server.until((now) => now.includes("HAPI is running"), { timeoutMs: 80_000, what: "the hub" });
  const [sessionId = ""] = place.sessionIds();
  const api = place.api(env.CLI_API_TOKEN);
  await until(async () => {
    const page = await api.messages.page(sessionId).catch(() => null);
    return JSON.stringify(page?.messages ?? []).includes("nobody listens");
  }, "the history has arrived");
  expect((await api.sessions.get(sessionId)).active).toBe(true);
  await server.keys("C-c");
  await server.until((now) => now.includes("Stopping the hub. Sessions go on.") && now.includes("code 0"), { what: "the hub has ended" });
  await terminal.type("say: still here\n");
  await terminal.until((now) => now.includes("\nstill here"), { what: "the session goes on" });
});

terminalTest("a hub that was started by hand, on a port of its own, is the one that hapi uses", async () => {
  await using server = await place.shell(place.root);
  await server.type(`clear; ${HAPI} hub --port 0 --no-qr\n`);
  const screen = await server.until((now) => now.includes("HAPI is running"), { timeoutMs: 80_000, what: "the hub" });
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(screen)?.[0] ?? "";
  const started = await place.hapi(["demo", "--new", "--hapi-starting-mode", "remote"], { cwd: place.project("by-hand") });
  expect([started.code, started.stderr.split("\n")[0]]).toEqual([0, `✓ Connected to hub ${url}`]);
  expect((await place.hapi(["sessions"])).stdout).toContain("by-hand");
  expect(place.hubPids().length).toBe(1);
  expect(await place.hapi(["hub", "--port", "0"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`already uses ${place.home} at ${url}`),
  });
  await server.keys("C-c");
  await server.until((now) => now.includes("Stopping the hub"), { what: "the hub has ended" });
});

terminalTest("two terminals at once on an empty HOME: one hub, and both get their screen", async () => {
  const [one, other] = [place.project("one"), place.project("other")];
  await using first = await place.shell(one);
  await using second = await place.shell(other);
  await Promise.all([first, second].map((terminal) => terminal.type(`clear; ${HAPI} demo\n`)));
  await Promise.all([first, second].map((terminal) => terminal.until(isReady, { timeoutMs: 80_000, what: "the demo agent" })));
  expect(place.hubPids().filter((pid) => processStartTime(pid) !== null).length).toBe(1);
  const { sessions } = JSON.parse((await place.hapi(["sessions", "--json"])).stdout) as { sessions: { id: string }[] };
  expect(sessions.length).toBe(2);
  const settings = JSON.parse(readFileSync(join(place.home, "settings.json"), "utf8")) as Record<string, unknown>;
  expect(Object.keys(settings).sort()).toEqual(["cliApiToken", "hubToken", "machineId"]);
});
