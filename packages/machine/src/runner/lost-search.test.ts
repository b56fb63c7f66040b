/** A look for lost sessions costs what has a mark, not what ever was; and however a session came to be lost, the next look finds it. */
import { afterEach, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hostFile, leaveMark, removeMark } from "@hapi/host";
import { processStartTime } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { createSession } from "../session/create-session.ts";
import { openSessionFile } from "../session/session-file.ts";
import { createLostSearch, type SessionFiles, sessionFiles } from "./lost-search.ts";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** `asked`: what the looks since the last `forget` asked of the disk. */
function home() {
  const path = mkdtempSync(join(tmpdir(), "hapi-lost-"));
  roots.push(path);
  const asked = { reads: 0, prints: 0, lists: 0 };
  const failing = new Set<string>();
  const files: SessionFiles = {
    print(of) {
      asked.prints += 1;
      return sessionFiles.print(of);
    },
    names(of) {
      asked.lists += 1;
      return sessionFiles.names(of);
    },
    mark(dir) {
      asked.reads += 1;
      return sessionFiles.mark(dir);
    },
    sessionFile(dir) {
      asked.reads += 1;
      if ([...failing].some((id) => dir.endsWith(id))) throw new AppError("internal", "Too many open files");
      return sessionFiles.sessionFile(dir);
    },
  };
  const search = createLostSearch(path, files);
  const session = (sessionId?: string): { sessionId: string; dir: string } =>
    createSession({
      home: path,
      flavor: "demo",
      cwd: tmpdir(),
      machineId: "m",
      hubUrl: "http://127.0.0.1:1",
      startedBy: "runner",
      startingMode: "remote",
      ...(sessionId ? { sessionId } : {}),
    });
  return {
    path,
    asked,
    failing,
    session,
    look: () => search().map(({ sessionId }) => sessionId),
    forget: () => Object.assign(asked, { reads: 0, prints: 0, lists: 0 }),
  };
}

const markOf = (pid: number, startTime: string | null) => ({ pid, startTime, socket: "/nowhere.sock", version: 1, startedAt: 1 });
const gone = markOf(999_999, "1");

/** As hosts left it before they had a file of their own. */
function olderMark(dir: string, host: unknown): void {
  const file = join(dir, "session.json");
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), host }));
}

const own = markOf(process.pid, processStartTime(process.pid));

test("hundreds of ended sessions are read once; a host that is killed is found by the next look, and nothing is read for it", async () => {
  const { asked, session, look, forget } = home();
  const { dir: ended } = session();
  const sessionFile = openSessionFile(ended).value;
  for (let count = 1; count < 300; count++) {
    const sessionId = `ended-${count}`;
    const dir = join(dirname(ended), sessionId);
    mkdirSync(dir);
    writeFileSync(join(dir, "session.json"), JSON.stringify({ ...sessionFile, sessionId }));
  }
  const host = Bun.spawn(["cat"], { stdin: "pipe", stdout: "ignore" });
  const living = session();
  leaveMark(living.dir, markOf(host.pid, processStartTime(host.pid)));
  expect(look()).toEqual([]);
  // The one that lives has its mark in a file beside.
  expect(asked.reads).toBe(302);
  forget();
  for (let looks = 0; looks < 10; looks++) expect(look()).toEqual([]);
  // The folder around all, and the one that lives.
  expect(asked).toEqual({ reads: 0, prints: 20, lists: 0 });
  host.kill("SIGKILL");
  await host.exited;
  expect(look()).toEqual([living.sessionId]);
  expect(look()).toEqual([living.sessionId]);
  expect(asked.reads).toBe(0);
  removeMark(living.dir);
  expect(look()).toEqual([]);
  expect(asked.reads).toBe(1);
});

test("a session process that is killed, or writes its session file, changes nothing", () => {
  const { session, look } = home();
  const { dir } = session();
  leaveMark(dir, own);
  expect(look()).toEqual([]);
  openSessionFile(dir).update({ threadId: "thread-1" });
  expect(look()).toEqual([]);
});

test("woken, or begun, by another process than the runner, and killed before a look saw it alive", () => {
  const { session, look } = home();
  const ended = session();
  expect(look()).toEqual([]);
  leaveMark(ended.dir, gone);
  expect(look()).toEqual([ended.sessionId]);
  const begun = session();
  leaveMark(begun.dir, gone);
  expect(look().sort()).toEqual([ended.sessionId, begun.sessionId].sort());
});

test("a host of a version that does not touch the folder around is found all the same, within a minute", () => {
  const { session, look } = home();
  const ended = session();
  expect(look()).toEqual([]);
  olderMark(ended.dir, gone);
  const found = Array.from({ length: 12 }, look).flat();
  expect(found).toContain(ended.sessionId);
});

test("in a folder of an older version the mark is found and seen to go; from the first host with a file of its own on, only that counts", () => {
  const { session, look } = home();
  const { sessionId, dir } = session();
  olderMark(dir, gone);
  expect(look()).toEqual([sessionId]);
  olderMark(dir, undefined);
  expect(look()).toEqual([]);
  olderMark(dir, gone);
  leaveMark(dir, own);
  expect(look()).toEqual([]);
  removeMark(dir);
  expect(look()).toEqual([]);
  leaveMark(dir, gone);
  expect(look()).toEqual([sessionId]);
});

test("a lost session is told as its session file is now", () => {
  const { path, session } = home();
  const { dir } = session();
  leaveMark(dir, gone);
  const search = createLostSearch(path);
  expect(search()).toMatchObject([{ startingMode: "remote" }]);
  openSessionFile(dir).update({ threadId: "thread-1" });
  expect(search()).toMatchObject([{ threadId: "thread-1" }]);
});

test("forgotten ones are forgotten; one that comes back under the same id is seen", () => {
  const { session, look } = home();
  const { sessionId, dir } = session();
  leaveMark(dir, gone);
  expect(look()).toEqual([sessionId]);
  rmSync(dir, { recursive: true });
  expect(look()).toEqual([]);
  leaveMark(session(sessionId).dir, gone);
  expect(look()).toEqual([sessionId]);
});

test("a clock that is set back hides nothing: not in a folder that was over, nor around all", () => {
  const { path, session, look } = home();
  const { sessionId, dir } = session();
  const sessions = join(path, "sessions");
  leaveMark(dir, own);
  removeMark(dir);
  expect(look()).toEqual([]);
  const [then, around] = [statSync(hostFile(dir)), statSync(sessions)];
  leaveMark(dir, gone);
  utimesSync(hostFile(dir), then.atime, then.mtime);
  utimesSync(sessions, around.atime, around.mtime);
  expect(look()).toEqual([sessionId]);
});

test("a folder that can't be read for a moment, or is damaged, is looked at again each time", () => {
  const { session, look, failing } = home();
  const { sessionId, dir } = session();
  leaveMark(dir, gone);
  failing.add(sessionId);
  expect(look()).toEqual([]);
  failing.clear();
  expect(look()).toEqual([sessionId]);
  const file = join(dir, "session.json");
  const whole = readFileSync(file);
  writeFileSync(file, "{");
  expect(look()).toEqual([]);
  writeFileSync(file, whole);
  expect(look()).toEqual([sessionId]);
  writeFileSync(hostFile(dir), "{");
  expect(look()).toEqual([]);
  leaveMark(dir, gone);
  expect(look()).toEqual([sessionId]);
});

test("what is no session's folder is passed over; a home without one has none", () => {
  const { path, session, look } = home();
  expect(look()).toEqual([]);
  const { sessionId, dir } = session();
  leaveMark(dir, gone);
  writeFileSync(join(path, "sessions", "stray"), "");
  writeFileSync(join(path, "sessions", ".hidden"), "");
  for (const copy of ["copy-of-it", "copy of it"]) cpSync(dir, join(path, "sessions", copy), { recursive: true });
  expect(look()).toEqual([sessionId]);
  renameSync(join(path, "sessions"), join(path, "away"));
  expect(look()).toEqual([]);
});
