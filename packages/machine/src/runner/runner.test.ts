/** The runner's parts: repeatable launches, what may be browsed, and the private control socket. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentDriver, Detection } from "@hapi/agents";
import { systemClock } from "@hapi/platform";
import { createSession, listSessionFiles } from "../session/create-session.ts";
import { createAvailability } from "./availability.ts";
import { askRunner, openControlSocket } from "./control-socket.ts";
import { listDirectory, pathsExist } from "./directories.ts";
import { createLaunches, type LaunchDeps } from "./launches.ts";
import { lookOutside } from "../session/written-folders.ts";
import { findLivingSessions } from "./living-sessions.ts";
import { createLostSearch } from "./lost-search.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "hapi-runner-"));
  folders.push(path);
  return path;
};

const driver = (detection: Partial<Detection> = {}): AgentDriver =>
  ({
    flavor: "demo",
    displayName: "Demo",
    environment: [],
    capabilities: { permissionModes: ["default", "yolo"] },
    detect: () => Promise.resolve({ available: true, command: ["demo"], ...detection }),
    open: () => {
      throw new Error("a launch opens no conversation");
    },
  }) as unknown as AgentDriver;

function world(options: Partial<LaunchDeps> = {}) {
  const home = folder();
  const project = folder();
  const started: string[] = [];
  const registered: string[] = [];
  const deps: LaunchDeps = {
    home,
    machineId: "m1",
    hubUrl: () => "http://127.0.0.1:1",
    env: {},
    driverFor: (flavor) => (flavor === "demo" ? driver() : undefined),
    defaultFlavor: "demo",
    startHost: (sessionFile) => {
      started.push(sessionFile.sessionId);
      return Promise.resolve({ isNew: true });
    },
    isLiving: () => Promise.resolve(false),
    register: (sessionFile) => {
      registered.push(sessionFile.sessionId);
      return Promise.resolve();
    },
    clock: systemClock,
    ...options,
  };
  return { launches: createLaunches(deps), deps, home, project, started, registered };
}

test("the same launch id is one session: at once, one after the other, and after the runner was killed", async () => {
  const { launches, deps, project, started, registered } = world();
  const wish = { type: "spawn-in-directory" as const, directory: project, agent: "demo", launchId: "wish-1" };
  const [first, joined] = await Promise.all([launches.launch(wish), launches.launch(wish)]);
  expect(joined?.sessionId).toBe(first?.sessionId ?? "");
  expect(started).toHaveLength(1);
  const again = await createLaunches(deps).launch(wish);
  expect(again.sessionId).toBe(first?.sessionId ?? "");
  expect(new Set(registered).size).toBe(1);
});

test("another wish in the same folder is another session; an existing id continues exactly that one", async () => {
  const { launches, project } = world();
  const one = await launches.launch({ type: "spawn-in-directory", directory: project, agent: "demo" });
  const two = await launches.launch({ type: "spawn-in-directory", directory: project, agent: "demo" });
  expect(two.sessionId).not.toBe(one.sessionId);
  const same = await launches.launch({ type: "spawn-in-directory", directory: "/ignored", existingSessionId: one.sessionId });
  expect(same.sessionId).toBe(one.sessionId);
});

test("an environment is kept: a wake from elsewhere is looked up in the session's own, a branch inherits it, and a new session takes the runner's", async () => {
  const asked: [Readonly<Record<string, string>>, string | undefined][] = [];
  const able: AgentDriver = {
    ...driver(),
    environment: [{ name: "CONFIG_HOME", kind: "config-home" }],
    detect: (env, program) => {
      asked.push([env, program]);
      return Promise.resolve({ available: true, command: ["demo"], program: program ?? "/bin/demo" });
    },
  };
  const { launches, deps, home, project } = world({ env: { CONFIG_HOME: "/runner" }, driverFor: () => able });
  const kept = (id: string): unknown => listSessionFiles(home).find(({ sessionId }) => sessionId === id)?.environment;
  const common = { home, flavor: "demo", cwd: project, machineId: "m1", hubUrl: deps.hubUrl(), startingMode: "remote" as const };
  const environment = { values: { CONFIG_HOME: "/work" }, withheld: [], program: "/opt/demo" };
  const { sessionId } = createSession({ ...common, startedBy: "terminal", environment, threadId: "thread-1" });
  const wish = { type: "spawn-in-directory" as const, directory: project, agent: "demo" };

  await launches.launch({ ...wish, existingSessionId: sessionId });
  expect(kept(sessionId)).toEqual(environment);
  expect(asked.at(-1)).toEqual([{ CONFIG_HOME: "/work" }, "/opt/demo"]);

  const branch = await launches.launch({ ...wish, sessionId: "branch", resumeSessionId: "thread-1", forkSession: true });
  const told = await launches.launch({ ...wish, sessionId: "told", history: "text", originSessionId: sessionId });
  expect([kept(branch.sessionId), kept(told.sessionId)]).toEqual([environment, environment]);

  const fresh = await launches.launch(wish);
  expect(kept(fresh.sessionId)).toEqual({ values: { CONFIG_HOME: "/runner" }, withheld: [], program: "/bin/demo" });

  const older = createSession({ ...common, startedBy: "terminal" });
  await launches.launch({ ...wish, existingSessionId: older.sessionId });
  expect(kept(older.sessionId)).toBeUndefined();
  expect(asked.at(-1)).toEqual([{ CONFIG_HOME: "/runner" }, undefined]);
});

test("whoever asks for a sandbox gets one, or hears why not: of a session that runs without, and of one that is being started without", async () => {
  const running = new Set<string>();
  const { launches, deps, home, project, started } = world({ isLiving: async (id) => running.has(id) });
  const wish = { type: "spawn-in-directory" as const, directory: project, agent: "demo", sandbox: { network: false } };
  const common = { home, flavor: "demo", cwd: project, machineId: "m1", hubUrl: deps.hubUrl(), startingMode: "remote" as const };
  const without = createSession({ ...common, startedBy: "runner", sessionId: "without", launchId: "again" }).sessionId;
  const loose = createSession({ ...common, startedBy: "runner", sessionId: "loose", box: { network: true } }).sessionId;
  const boxOf = (id: string): unknown => listSessionFiles(home).find(({ sessionId }) => sessionId === id)?.box;
  running.add(without).add(loose);
  for (const [which, how] of [
    [{ existingSessionId: without }, "without a sandbox"],
    [{ launchId: "again" }, "without a sandbox"],
    [{ existingSessionId: loose }, "with the network"],
  ] as const)
    await expect(launches.launch({ ...wish, ...which })).rejects.toMatchObject({
      code: "sandbox_unavailable",
      message: expect.stringContaining(`runs already, ${how === "with the network" ? "in a sandbox with the network" : how}`),
    });
  const unboxed = { ...wish, sandbox: undefined, sessionId: "both" };
  deps.startHost = async ({ sessionId }) => {
    running.add(sessionId);
    return { isNew: true };
  };
  const [first, second] = await Promise.allSettled([launches.launch(unboxed), launches.launch({ ...wish, sessionId: "both" })]);
  expect([first.status, second]).toMatchObject(["fulfilled", { status: "rejected", reason: { code: "sandbox_unavailable" } }]);
  expect([started, boxOf(without), boxOf(loose), boxOf("both")]).toEqual([[], undefined, { network: true }, undefined]);
});

test("a wake never loosens a session's sandbox", async () => {
  const { deps, home, project } = world();
  const boxing = createLaunches({ ...deps, driverFor: () => ({ ...driver(), ownPaths: () => ({ folders: [], files: [] }) }) });
  const common = { home, flavor: "demo", cwd: project, machineId: "m1", hubUrl: deps.hubUrl(), startingMode: "remote" as const };
  createSession({ ...common, startedBy: "terminal", sessionId: "tight", box: { network: false } });
  const wake = { type: "spawn-in-directory" as const, directory: project, existingSessionId: "tight", sandbox: { network: true } };
  // Where none can be made it is refused, and still not loosened.
  await boxing.launch(wake).catch((cause: unknown) => expect(cause).toMatchObject({ code: "sandbox_unavailable" }));
  expect(listSessionFiles(home).map(({ box }) => box)).toEqual([{ network: false }]);
});

test("the agent's program is looked for outside what a sandbox writes: its folder, the agent's own, and those of other sandboxes", async () => {
  const told: (readonly string[] | undefined)[] = [];
  const detect: AgentDriver["detect"] = (_env, _program, written) => {
    told.push(written);
    return Promise.resolve({ available: false, command: [] });
  };
  const boxable = { ...driver(), detect, ownPaths: () => ({ folders: ["/own"], files: ["/own.json"] }) };
  const { deps, home, project } = world();
  const launches = createLaunches({ ...deps, driverFor: () => boxable });
  const common = { home, flavor: "demo", machineId: "m1", hubUrl: deps.hubUrl(), startingMode: "remote" as const };
  const other = folder();
  createSession({ ...common, cwd: other, startedBy: "runner", sessionId: "other", box: { network: true } });
  const wish = { type: "spawn-in-directory" as const, directory: project, agent: "demo" };
  for (const sandbox of [undefined, { network: true }])
    await expect(launches.launch({ ...wish, sandbox })).rejects.toMatchObject({ code: "agent_not_installed" });
  const place = lookOutside(home, { PATH: `/usr/bin:.:${other}/bin` });
  await createAvailability(
    () => [boxable],
    { home, env: place.env },
    () => 0,
  )();
  expect(told).toEqual([[], [project, "/own", "/own.json", other], [other]]);
  expect(place.env).toEqual({ PATH: "/usr/bin" });
  expect(lookOutside(folder(), { PATH: "." })).toEqual({ written: [], env: { PATH: "." } });
});

test("a session of another computer of the same name is not begun here: neither in its folder nor on its conversation", async () => {
  const here: AgentDriver = { ...driver(), hasThread: (_where, threadId) => threadId === "here" };
  const { launches, home, project, started, registered } = world({ driverFor: () => here });
  const wish = {
    type: "spawn-in-directory" as const,
    directory: join(project, "new"),
    agent: "demo",
    existingSessionId: "s",
    knownOnly: true,
  };
  for (const thread of [{}, { resumeSessionId: "elsewhere" }]) {
    const refused = launches.launch({ ...wish, ...thread });
    await expect(refused).rejects.toMatchObject({ code: "resume_unavailable", message: expect.stringContaining("another computer") });
  }
  expect([started, registered, existsSync(wish.directory), listSessionFiles(home)]).toEqual([[], [], false, []]);
  // Its own computer, registered anew: by its conversation, and from then on by its session file.
  for (const thread of [{ resumeSessionId: "here" }, {}]) expect((await launches.launch({ ...wish, ...thread })).sessionId).toBe("s");
});

test("what can't start says why, and leaves nothing behind", async () => {
  const { launches, project } = world();
  const file = join(project, "file");
  writeFileSync(file, "");
  const launch = (directory: string, agent = "demo") => launches.launch({ type: "spawn-in-directory", directory, agent });
  await expect(launch(project, "nobody")).rejects.toMatchObject({ code: "unsupported_flavor" });
  await expect(launch("relative/path")).rejects.toMatchObject({ code: "invalid_body" });
  await expect(launch(file)).rejects.toMatchObject({ code: "spawn_failed", message: `${file} is not a directory.` });
  const worktree = { type: "spawn-in-directory" as const, directory: project, agent: "demo", sessionType: "worktree" };
  await expect(launches.launch(worktree)).rejects.toMatchObject({ code: "not_supported" });
  const away = world({ driverFor: () => driver({ available: false, hint: "Install it with: npm i -g demo" }) });
  await expect(away.launches.launch({ type: "spawn-in-directory", directory: project, agent: "demo" })).rejects.toMatchObject({
    code: "agent_not_installed",
    message: "Install it with: npm i -g demo",
  });
  expect(away.started).toEqual([]);
});

test("a new folder in one that is there is made, and the mode asked for is kept", async () => {
  const { launches, home, project } = world();
  const directory = join(project, "new");
  const { sessionId } = await launches.launch({ type: "spawn-in-directory", directory, agent: "demo", yolo: true });
  expect(statSync(directory).isDirectory()).toBe(true);
  const record = JSON.parse(readFileSync(join(home, "sessions", sessionId, "session.json"), "utf8")) as Record<string, unknown>;
  expect(record).toMatchObject({ sessionId, permissionMode: "yolo", startedBy: "runner", startingMode: "remote", machineId: "m1" });
});

test("a mistyped path is said, not made", async () => {
  const { launches, project, started } = world();
  const directory = join(project, "typo", "app");
  await expect(launches.launch({ type: "spawn-in-directory", directory, agent: "demo" })).rejects.toMatchObject({
    code: "spawn_failed",
    message: `The directory ${directory} does not exist, and neither does ${join(project, "typo")}. Check the path, or make the folder first.`,
  });
  expect(existsSync(join(project, "typo"))).toBe(false);
  expect(started).toEqual([]);
});

test("a session whose host left its mark but does not answer is lost; one that ended in order is not", async () => {
  const { launches, home, project } = world();
  const ended = await launches.launch({ type: "spawn-in-directory", directory: project, agent: "demo" });
  const killed = await launches.launch({ type: "spawn-in-directory", directory: project, agent: "demo" });
  const file = join(home, "sessions", killed.sessionId, "session.json");
  const host = { pid: 999_999, startTime: "1", socket: join(home, "gone.sock"), version: 1, startedAt: 1 };
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), host }));
  writeFileSync(join(home, "sessions", killed.sessionId, "host.token"), "token");
  expect(createLostSearch(home)().map(({ sessionId }) => sessionId)).toEqual([killed.sessionId]);
  expect(await findLivingSessions(home)).toEqual([]);
  expect(ended.sessionId).not.toBe(killed.sessionId);
});

test("browsing stays inside the roots, links included", async () => {
  const root = folder();
  const outside = folder();
  mkdirSync(join(root, "src/.git"), { recursive: true });
  writeFileSync(join(root, "readme"), "x");
  symlinkSync(outside, join(root, "escape"));
  const { entries } = await listDirectory(root, { roots: [root] });
  expect(entries.find(({ name }) => name === "src")).toMatchObject({ type: "directory", isGitRepo: true });
  expect(entries.at(-1)?.name).toBe("readme");
  await expect(listDirectory(join(root, "escape"), { roots: [root] })).rejects.toMatchObject({ code: "access_denied" });
  await expect(listDirectory(join(root, "none"), { roots: [root] })).rejects.toMatchObject({ code: "not_found" });
  const inside = join(root, "src");
  expect(await pathsExist([inside, outside, join(root, "readme")], [root])).toEqual({
    [inside]: true,
    [outside]: false,
    [join(root, "readme")]: false,
  });
});

test("the control socket answers who has the token, and nobody else", async () => {
  const dir = folder();
  const paths = { socket: join(dir, "c.sock"), tokenFile: join(dir, "token") };
  expect(await askRunner(paths, "status")).toBeNull();
  const control = await openControlSocket(paths, { echo: (params) => Promise.resolve(params) });
  expect(statSync(paths.socket).mode & 0o077).toBe(0);
  expect(statSync(paths.tokenFile).mode & 0o077).toBe(0);
  expect(await askRunner(paths, "echo", { a: 1 })).toEqual({ a: 1 });
  await expect(askRunner(paths, "unknown")).rejects.toMatchObject({ code: "not_supported" });
  expect(await raw(paths.socket, '{"token":"wrong","method":"echo"}\n')).toMatchObject({ ok: false, code: "invalid_token" });
  expect(await raw(paths.socket, "garbage\n")).toMatchObject({ ok: false });
  await control.close();
  expect(await askRunner(paths, "echo")).toBeNull();
});

test("a runner that goes down in the middle of the answer is said to have ended, however its socket closes", async () => {
  const dir = folder();
  const paths = { socket: join(dir, "c.sock"), tokenFile: join(dir, "token") };
  writeFileSync(paths.tokenFile, "token");
  // One reads the question first; the other leaves it unread, which the system tells the asker as a reset, or as a broken pipe.
  const close = (socket: Socket): void => void socket.once("data", () => socket.end());
  for (const serve of [close, (socket: Socket) => socket.destroy()]) {
    const dying = createServer({ pauseOnConnect: serve !== close }, serve);
    await new Promise<void>((done) => dying.listen(paths.socket, done));
    await expect(askRunner(paths, "status")).rejects.toMatchObject({ code: "not_ready" });
    await new Promise((done) => dying.close(done));
  }
});

test("the control socket runs a line once, whatever comes after it, and none that is too long", async () => {
  const dir = folder();
  const paths = { socket: join(dir, "c.sock"), tokenFile: join(dir, "token") };
  let runs = 0;
  const answer = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const control = await openControlSocket(paths, {
    spawn: async () => {
      runs += 1;
      begun.resolve();
      await answer.promise;
      return runs;
    },
  });
  const token = readFileSync(paths.tokenFile, "utf8");
  const line = JSON.stringify({ token, method: "spawn", params: { directory: "旅行" } });
  const socket = createConnection(paths.socket);
  const said = new Promise<string>((done) => socket.once("data", (bytes) => done(String(bytes))));
  // In the middle of a character, and then on and on.
  const bytes = Buffer.from(`${line}\n`);
  socket.write(bytes.subarray(0, bytes.length - 8));
  socket.write(bytes.subarray(bytes.length - 8));
  await begun.promise;
  for (const more of ["a", "b", `${line}\n`]) await new Promise<void>((done) => socket.write(more, () => done()));
  // A second caller is answered after what came before it was read.
  await askRunner(paths, "nothing").catch(() => undefined);
  answer.resolve();
  expect(JSON.parse(await said)).toEqual({ ok: true, value: 1 });
  expect(runs).toBe(1);

  const long = createConnection(paths.socket);
  const gone = new Promise<void>((done) => long.once("close", () => done()));
  long.on("error", () => undefined);
  long.write(`${"x".repeat(2 << 20)}\n${line}\n`);
  await gone;
  await askRunner(paths, "nothing").catch(() => undefined);
  expect(runs).toBe(1);
  await control.close();
});

test("who stops the runner hears it; a runner that dies before it answered is said, not thrown", async () => {
  const dir = folder();
  const paths = { socket: join(dir, "c.sock"), tokenFile: join(dir, "token") };
  const asked = Promise.withResolvers<void>();
  const control = await openControlSocket(paths, { stop: async () => (asked.resolve(), { stopping: true }) });
  const answer = askRunner(paths, "stop");
  await asked.promise;
  await control.close();
  expect(await answer).toEqual({ stopping: true });

  const silent = createServer((socket) => void socket.once("data", () => socket.end()));
  await new Promise<void>((done) => silent.listen(paths.socket, done));
  await expect(askRunner(paths, "stop")).rejects.toMatchObject({ code: "not_ready" });
  silent.close();
});

test("availability is asked once in a while, with the sentence for what is missing", async () => {
  let asked = 0;
  let now = 0;
  const missing = {
    ...driver(),
    detect() {
      asked += 1;
      return Promise.resolve({ available: false, command: [], reason: "not_found" as const, hint: "Install it" });
    },
  };
  const availability = createAvailability(
    () => [missing],
    { home: "/nowhere", env: {} },
    () => now,
  );
  expect((await availability()).agents).toMatchObject([{ agent: "demo", available: false, reason: "not_found", hint: "Install it" }]);
  await availability();
  expect(asked).toBe(1);
  now = 31_000;
  await availability();
  expect(asked).toBe(2);
});

function raw(path: string, line: string): Promise<unknown> {
  return new Promise((done, reject) => {
    let text = "";
    const socket = createConnection(path, () => socket.write(line));
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.on("end", () => done(JSON.parse(text)));
    socket.on("error", reject);
  });
}

test("who asks from elsewhere starts, wakes and forks only inside the folders the runner was given", async () => {
  const { launches, deps, home, project, started } = world();
  const outside = folder();
  symlinkSync(outside, join(project, "escape"));
  const common = {
    home,
    flavor: "demo",
    machineId: "m1",
    hubUrl: deps.hubUrl(),
    startingMode: "remote" as const,
    startedBy: "terminal" as const,
  };
  const known = createSession({ ...common, cwd: outside, threadId: "thread-1" });
  const ask = (more: object) => launches.launch({ type: "spawn-in-directory", directory: project, agent: "demo", ...more }, [project]);
  for (const more of [
    { directory: outside },
    { directory: join(outside, "new") },
    { directory: join(project, "escape") },
    { directory: join(project, "escape", "new") },
    { directory: join(project, "..") },
    { directory: `${project}-sibling` },
    { existingSessionId: known.sessionId },
    { directory: outside, resumeSessionId: "thread-1", forkSession: true },
    { directory: outside, existingSessionId: "s", knownOnly: true },
  ])
    await expect(ask(more)).rejects.toMatchObject({ code: "access_denied", message: expect.stringContaining(project) });
  expect([started, existsSync(join(outside, "new")), existsSync(`${project}-sibling`)]).toEqual([[], false, false]);
  await ask({ directory: join(project, "new") });
  await launches.launch({ type: "spawn-in-directory", directory: "/ignored", existingSessionId: known.sessionId });
  expect(started).toHaveLength(2);
});
