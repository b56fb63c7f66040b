/** What can't be read any more is named, with what went with it and what to do; what is whole is not. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSession, listSessionFiles } from "./create-session.ts";
import { damagedFiles } from "./damaged.ts";
import { openLedger } from "./ledger.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "hapi-damaged-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const session = (sessionId: string, threadId?: string): string =>
  createSession({
    home,
    sessionId,
    flavor: "fake",
    cwd: home,
    machineId: "m",
    hubUrl: "http://127.0.0.1:1",
    startedBy: "runner",
    startingMode: "remote",
    ...(threadId ? { threadId } : {}),
  }).dir;

async function withLedger(dir: string): Promise<string> {
  const ledger = await openLedger(dir);
  for (let n = 0; n < 3; n++) await ledger.setFacts({ lastSeq: n });
  await ledger.close();
  return join(dir, "ledger.jsonl");
}

test("nothing is damaged: nothing is named, a torn last line included", async () => {
  expect(damagedFiles(home)).toEqual([]);
  appendFileSync(await withLedger(session("fine")), "deadbeef {");
  session("new");
  expect(damagedFiles(home)).toEqual([]);
});

test.each(["{", "", "null", '{"version":2}'])("a session file that holds %p: it is named, and what to do helps", (text) => {
  const path = join(session("one", "thread"), "session.json");
  session("two");
  writeFileSync(path, text);
  expect(listSessionFiles(home).map(({ sessionId }) => sessionId)).toEqual(["two"]);
  const [found, ...more] = damagedFiles(home);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ sessionId: "one", path, what: "session", step: expect.stringContaining(`mv ${path} `) });
  expect(found?.lost).toContain("can't be started here");
  expect(() => session("one", "thread")).toThrow("damaged");
  renameSync(path, `${path}.damaged`);
  session("one", "thread");
  expect(damagedFiles(home)).toEqual([]);
  expect(listSessionFiles(home).find(({ sessionId }) => sessionId === "one")?.threadId).toBe("thread");
});

test("a ledger with lines that can't be read: before the session's next start, and after it was mended; looking changes nothing", async () => {
  const dir = session("one");
  const path = await withLedger(dir);
  const [first = "", ...rest] = readFileSync(path, "utf8").split("\n");
  const broken = [`x${first.slice(1)}`, ...rest].join("\n");
  writeFileSync(path, broken);
  expect(damagedFiles(home)).toMatchObject([{ sessionId: "one", path, what: "ledger", lost: expect.stringContaining("1 line of it") }]);
  expect(readFileSync(path, "utf8")).toBe(broken);
  expect(readdirSync(dir)).not.toContain("ledger.jsonl.damaged");
  await (await openLedger(dir)).close();
  expect(damagedFiles(home)).toMatchObject([
    { path: `${path}.damaged`, what: "ledger", step: expect.stringContaining("remove this file") },
  ]);
  rmSync(`${path}.damaged`);
  expect(damagedFiles(home)).toEqual([]);
});

test("counts of what may be missing that can't be read", () => {
  const path = join(session("one"), "losses.json");
  writeFileSync(path, "{");
  expect(damagedFiles(home)).toMatchObject([{ sessionId: "one", path, what: "counts" }]);
});
