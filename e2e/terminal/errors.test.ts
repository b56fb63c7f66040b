/** What can go wrong on a person's computer: each time one plain sentence with the next step, the right exit code, no stack trace, nothing broken. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { openSqlite, runCommand } from "@hapi/platform";
import { type CommandOptions, HAPI, openPlace, type Place, STACK_TRACE, terminalTest } from "./place.ts";

/** What is asked for without a terminal is a session in the background. */
const BACKGROUND = ["--hapi-starting-mode", "remote"];

let place: Place;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

/** One sentence on stderr and nothing else. */
async function refusal(args: readonly string[], options: CommandOptions = {}): Promise<{ code: number | null; said: string }> {
  const { code, stdout, stderr } = await place.hapi(args, options);
  expect(stdout).toBe("");
  expect(stderr).not.toMatch(STACK_TRACE);
  expect(stderr.trimEnd().split("\n").length).toBe(1);
  expect(stderr).toStartWith("hapi: ");
  return { code, said: stderr.trimEnd().slice("hapi: ".length) };
}

/** A HAPI home of its own for one test. */
function homeOf(name: string): Record<string, string> {
  return { HAPI_HOME: place.project(name) };
}

async function taken(use: (port: string) => Promise<void>): Promise<void> {
  const server: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  try {
    await use(String(address !== null && typeof address === "object" ? address.port : 0));
  } finally {
    await new Promise((done) => server.close(done));
  }
}

test("port taken: said by the hub, and by what wanted to start one", () =>
  taken(async (port) => {
    const sentence = `Port ${port} is already in use. Stop the other program, or choose another port with --port or HAPI_LISTEN_PORT.`;
    expect(await refusal(["hub", "--port", port], { env: homeOf("taken") })).toEqual({ code: 1, said: sentence });
    expect(await refusal(["demo", "--new", ...BACKGROUND], { env: { ...homeOf("taken"), HAPI_LISTEN_PORT: port } })).toEqual({
      code: 1,
      said: `The hub could not be started in the background: ${sentence}`,
    });
    expect(existsSync(join(place.root, "taken", "sessions"))).toBe(false);
  }));

test("corrupt settings.json: named by every command, never written over", async () => {
  const env = homeOf("corrupt");
  const path = join(env["HAPI_HOME"] ?? "", "settings.json");
  writeFileSync(path, '{"cliApiToken": ');
  for (const args of [
    ["hub", "--port", "0"],
    ["demo", "--new", ...BACKGROUND],
    ["sessions"],
    ["stop", "x"],
    ["resume", "x"],
    ["runner", "run"],
    ["auth", "status"],
  ]) {
    const { code, said } = await refusal(args, { env });
    expect([args[0], code, said]).toEqual([
      args[0],
      1,
      `${path} is not valid JSON. Fix it, or move it away and start again; HAPI does not write over it.`,
    ]);
  }
  expect(readFileSync(path, "utf8")).toBe('{"cliApiToken": ');
});

test("HAPI_HOME is a file, or in a place where nobody may write", async () => {
  const file = join(place.root, "a-file");
  writeFileSync(file, "");
  for (const args of [
    ["hub", "--port", "0"],
    ["demo", "--new", ...BACKGROUND],
    ["sessions"],
    ["runner", "run"],
    ["runner", "start"],
    ["auth", "status"],
  ]) {
    const { code, said } = await refusal(args, { env: { HAPI_HOME: file } });
    expect([args.join(" "), code]).toEqual([args.join(" "), 1]);
    expect(said).toContain(file);
    expect(said).toContain("set HAPI_HOME to another folder");
  }
  expect(readFileSync(file, "utf8")).toBe("");
  const closed = place.project("closed");
  chmodSync(closed, 0o500);
  const under = process.getuid?.() === 0 ? "/proc/hapi" : join(closed, "hapi");
  expect(await refusal(["demo", "--new", ...BACKGROUND], { env: { HAPI_HOME: under } })).toEqual({
    code: 1,
    said: `HAPI can't write to ${under}. Make it writable, or set HAPI_HOME to another folder.`,
  });
});

test("a newer database is left as it is; a damaged one is named", async () => {
  const env = homeOf("newer");
  const path = join(env["HAPI_HOME"] ?? "", "hub.sqlite");
  const db = openSqlite(path);
  db.exec("PRAGMA user_version = 9000");
  await db.close();
  const before = readFileSync(path);
  const sentence = `${path} was written by a newer HAPI. Update HAPI, or set HAPI_HOME to another folder.`;
  expect(await refusal(["hub", "--port", "0"], { env })).toEqual({ code: 1, said: sentence });
  const { code, said } = await refusal(["demo", "--new", ...BACKGROUND], { env });
  expect([code, said]).toEqual([1, `The hub could not be started in the background: ${sentence}`]);
  expect(readFileSync(path).equals(before)).toBe(true);
  const damaged = homeOf("damaged");
  writeFileSync(join(damaged["HAPI_HOME"] ?? "", "hub.sqlite"), "this is no database, and long enough to be read as one".repeat(100));
  const answer = await refusal(["hub", "--port", "0"], { env: damaged });
  expect(answer.code).toBe(1);
  expect(answer.said).toContain("hub.sqlite");
});

test("an agent that is not installed: exit code 127, and how to get it", async () => {
  const { code, said } = await refusal(["claude", "--new", ...BACKGROUND], { env: { ...homeOf("no-agent"), PATH: "" } });
  expect(code).toBe(127);
  expect(said).toContain("is not installed");
  expect(said).toContain("npm install -g");
  expect(existsSync(join(place.root, "no-agent", "logs"))).toBe(false);
});

test("words nobody knows: mode, agent, option, session, port, hub; before anything is started", async () => {
  const env = homeOf("words");
  const wrong: [args: string[], sentence: string, extra?: Record<string, string>][] = [
    [["demo", "--permission-mode", "nonsense"], 'This agent has no permission mode "nonsense". See: hapi demo --help'],
    [["demo", "--permission-mode=plan"], 'This agent has no permission mode "plan". See: hapi demo --help'],
    [["demo", "--hapi-starting-mode", "x"], '--hapi-starting-mode must be local or remote, not "x".'],
    [["demo", "--model"], "--model needs a value."],
    [["nonsense"], 'hapi has no command or agent "nonsense". See: hapi --help. To give Claude Code just this word: hapi claude nonsense'],
    [["sessions", "--nope"], "Unknown option '--nope'. See: hapi sessions --help"],
    [["stop"], "hapi stop needs a session. See: hapi stop --help"],
    [
      ["stop", "3f2a", "91bc"],
      'hapi stop was given too many words, from "91bc" on. A name of several words needs quotes. See: hapi stop --help',
    ],
    [
      ["resume", "Fix", "the", "login"],
      'hapi resume was given too many words, from "the" on. A name of several words needs quotes. See: hapi resume --help',
    ],
    [["sessions", "all"], 'hapi sessions was given too many words, from "all" on. See: hapi sessions --help'],
    [["hub", "stop", "now"], 'hapi hub stop was given too many words, from "now" on. See: hapi hub --help'],
    [["hub", "stop", "--port", "8080"], "hapi hub stop has no --port. See: hapi hub --help"],
    [["runner", "stop", "--workspace-root", "/x"], "hapi runner stop has no --workspace-root. See: hapi runner --help"],
    [["auth", "status", "--token", "x"], "hapi auth status has no --token. See: hapi auth --help"],
    [["auth", "login", "here"], 'hapi auth login was given too many words, from "here" on. See: hapi auth --help'],
    [["outbox", "send", "--all"], "hapi outbox send has no --all. See: hapi outbox --help"],
    [
      ["outbox", "cancel", "a", "b"],
      'hapi outbox cancel was given too many words, from "b" on. A name of several words needs quotes. See: hapi outbox --help',
    ],
    [["hub", "--port", "70000"], 'The port must be a number from 0 to 65535, not "70000".'],
    [["demo", "--new", ...BACKGROUND], "HAPI_API_URL is not an http(s) URL: ftp://x", { HAPI_API_URL: "ftp://x" }],
    [["sessions"], "This machine does not know a hub's token yet. Start one with: hapi hub, or run: hapi auth login"],
    [
      ["sessions"],
      "No hub answers at http://127.0.0.1:1. Start it there with: hapi hub, or see: hapi auth status",
      { HAPI_API_URL: "http://127.0.0.1:1", CLI_API_TOKEN: "t" },
    ],
  ];
  for (const [args, sentence, extra] of wrong) {
    expect([args, await refusal(args, { env: { ...env, ...extra } })]).toEqual([args, { code: 1, said: sentence }]);
  }
  expect(existsSync(join(place.root, "words", "sessions"))).toBe(false);
  expect(existsSync(join(place.root, "words", "logs", "hub.out.log"))).toBe(false);
});

test("a token the hub does not take says how to give another", async () => {
  mkdirSync(place.home, { recursive: true });
  expect((await place.hapi(["demo", "--new", "--hapi-starting-mode", "remote"])).code).toBe(0);
  const env = { HAPI_API_URL: `http://127.0.0.1:${place.port}`, CLI_API_TOKEN: "wrong" };
  for (const args of [["sessions"], ["demo", "--new", ...BACKGROUND], ["resume", "x"]]) {
    const { code, said } = await refusal(args, { env });
    expect([args[0], code]).toEqual([args[0], 1]);
    expect(said).toEndWith("give it another with: hapi auth login");
  }
  const hub = env.HAPI_API_URL;
  expect(await refusal(["web"], { env })).toEqual({
    code: 1,
    said: `The hub at ${hub} does not take this machine's token. Give it another with: hapi auth login.`,
  });
  expect(await refusal(["auth", "login", "--url", hub, "--token", "wrong"], { env })).toEqual({
    code: 1,
    said: `The hub at ${hub} does not take this token. Nothing was changed.`,
  });
  const { code, said } = await refusal(["runner", "start"], { env: { ...env, ...homeOf("refused") } });
  expect([code, said]).toEqual([
    1,
    "The runner ended at once: Invalid token. The hub does not take this machine's token; give it another with: hapi auth login",
  ]);
  // One problem, one finding.
  const doctor = await place.hapi(["doctor", "--json"], { env });
  const { findings } = JSON.parse(doctor.stdout) as { findings: { name: string; state: string }[] };
  expect(findings.filter(({ state }) => state === "problem").map(({ name }) => name)).toEqual(["Token"]);
});

test("doctor and a pipe: sentences are whole, problems are the exit code", async () => {
  const env = homeOf("corrupt");
  const { code, stdout, stderr } = await place.hapi(["doctor"], { env });
  expect([code, stderr]).toEqual([1, ""]);
  expect(stdout).toContain("HAPI does not write over it.");
  expect(stdout).not.toContain("…");
  expect(stdout).not.toMatch(STACK_TRACE);
});

test("a configured hub that is away is a problem with a step that can help, and nothing unasked is called good", async () => {
  const env = { ...homeOf("away"), HAPI_API_URL: "http://127.0.0.1:1", CLI_API_TOKEN: "t" };
  const { code, stdout } = await place.hapi(["doctor", "--json"], { env });
  const { findings } = JSON.parse(stdout) as { findings: { name: string; state: string; text: string }[] };
  const of = (wanted: string) => findings.find(({ name }) => name === wanted);
  expect(code).toBe(1);
  expect(of("Hub")).toEqual({
    name: "Hub",
    state: "problem",
    text: "http://127.0.0.1:1 does not answer; start it there with: hapi hub, or use another: hapi auth login",
  });
  expect([of("Token")?.state, of("Prompts")?.state]).toEqual(["note", "note"]);
});

test("a session of this machine can be ended while the hub is away, and when it does not take the token", async () => {
  const away = { ...homeOf("ended-here"), HAPI_API_URL: "http://127.0.0.1:1", CLI_API_TOKEN: "t" };
  const cwd = place.project("ended-here-work");
  const refused = { ...away, HAPI_API_URL: `http://127.0.0.1:${place.port}`, CLI_API_TOKEN: "wrong" };
  for (const env of [away, refused]) {
    // It starts without its hub.
    const started = await place.hapi(["demo", ...BACKGROUND], { env: away, cwd });
    const id = started.stdout.trim();
    const short = id.slice(0, 8);
    const asked = await refusal(["stop", "."], { env, cwd });
    expect([asked.code, asked.said]).toEqual([
      1,
      expect.stringContaining(`. Session ${short} can be ended here without it: hapi stop ${short} --force`),
    ]);
    expect(await place.hapi(["stop", short, "--force"], { env, cwd })).toMatchObject({
      code: 0,
      stdout: `${id} was ended here, without the hub. It hears of that when it is reached again.\n`,
    });
    expect((await place.hapi(["runner", "list"], { env })).stdout).toBe("No session lives on this machine.\n");
  }
  // One that this machine does not know stays the hub's.
  expect((await refusal(["stop", "0000", "--force"], { env: away, cwd })).said).toStartWith("No hub answers at");
});

test("files of the home that can't be read: which, why, and what to do", async () => {
  const file = join(place.root, "no-folder");
  writeFileSync(file, "");
  const step = "a part of its path is not a folder. Mend that, or set HAPI_HOME to another folder.";
  const env = { HAPI_HOME: file };
  for (const [args, path] of [
    [["hub", "logs"], "logs/hub.log"],
    [["runner", "logs"], "logs/runner.log"],
    [["outbox"], "outbox"],
  ] as const)
    expect([args, await refusal(args, { env })]).toEqual([args, { code: 1, said: `HAPI can't use ${join(file, path)}: ${step}` }]);
});

test("what is printed reaches a slow reader whole; one that leaves is no failure; a full disk is one", async () => {
  const env = homeOf("output");
  const line = "x".repeat(5_000);
  mkdirSync(join(env["HAPI_HOME"] ?? "", "logs"), { recursive: true });
  writeFileSync(join(env["HAPI_HOME"] ?? "", "logs", "hub.log"), `${line}\n`.repeat(200));
  const shell = (script: string) =>
    runCommand(["bash", "-c", script], { cwd: place.root, env: { ...place.env, ...env }, timeoutMs: 60_000 });
  // The reader begins when the pipe has been full for a while.
  const slow = await shell(`set -o pipefail; "${HAPI}" hub logs | (sleep 1; wc -c)`);
  expect([slow.code, slow.stdout.trim(), slow.stderr]).toEqual([0, String(200 * 5_001), ""]);
  const left = await shell(`"${HAPI}" hub logs | head -c 10; echo " \${PIPESTATUS[0]}"`);
  expect([left.stdout, left.stderr]).toEqual(["xxxxxxxxxx 0\n", ""]);
  if (!existsSync("/dev/full")) return;
  const full = await shell(`"${HAPI}" hub logs >/dev/full`);
  expect([full.code, full.stderr]).toEqual([
    1,
    "hapi: What was asked for could not be written to standard output: there is no room on its disk.\n",
  ]);
});

terminalTest("in a terminal: the shell sees the exit code, the sentence is red, the terminal is as before", async () => {
  await using terminal = await place.shell(place.root);
  await terminal.type(
    `clear; ${HAPI} demo --permission-mode nonsense; echo "code $?"; stty -a | grep -o -e '-*icanon'; echo "$((1 + 1)) lines"\n`,
  );
  const screen = await terminal.until((now) => now.includes("2 lines"), { what: "the end" });
  expect(screen).toContain('hapi: This agent has no permission mode "nonsense". See: hapi demo --help');
  expect(screen).toContain("code 1\nicanon");
  expect(screen).not.toMatch(STACK_TRACE);
});
