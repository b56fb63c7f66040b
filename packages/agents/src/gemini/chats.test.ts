/** What Gemini CLI 0.61.0 does to its own records, and that a conversation of HAPI's outlives it. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock } from "@hapi/testkit";
import { clearLeftovers, guardChat } from "./chats.ts";

const ID = "e064e749-23d5-4ea0-bc57-6924bd52444c";
const NOW = Date.parse("2026-11-30T15:18:40Z");
const header = (id = ID) => JSON.stringify({ sessionId: id, projectHash: "9001", startTime: "2026-11-30T15:18:19.661Z", kind: "main" });
const context = JSON.stringify({ $set: { messages: [{ type: "user", content: [{ text: "<session_context>" }] }] } });
const said = JSON.stringify({ id: "1", type: "user", content: [{ text: "remember heliotrope" }] });

function place() {
  const root = mkdtempSync(join(tmpdir(), "hapi-gemini-"));
  const chats = join(root, "home/.gemini/tmp/project/chats");
  const sessionDir = join(root, "session");
  for (const folder of [chats, sessionDir]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, "home/.gemini/projects.json"), JSON.stringify({ projects: { "/work": "project" } }));
  return {
    chats,
    where: { env: { HOME: join(root, "home") }, cwd: "/work", threadId: ID, sessionDir, clock: createManualClock(NOW) },
    write: (name: string, ...lines: string[]) => writeFileSync(join(chats, name), `${lines.join("\n")}\n`),
    names: () => readdirSync(chats).toSorted(),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

test("a conversation of this minute is opened under the name of one that is over", async () => {
  using here = place();
  here.write("session-2026-11-30T15-18-e064e749.jsonl", header(), context, said);
  here.write("session-2026-11-30T15-17-e064e749.jsonl", header("e064e749-another"), said);
  await guardChat(here.where);
  expect(here.names()).toEqual(["session-2026-11-30T15-16-e064e749.jsonl", "session-2026-11-30T15-17-e064e749.jsonl"]);
  expect(readFileSync(join(here.chats, "session-2026-11-30T15-16-e064e749.jsonl"), "utf8")).toContain("heliotrope");
});

test("what an opening left beside it under its id is gone, or the next start would remove both; others' files are left alone", async () => {
  using here = place();
  here.write("session-2026-11-30T15-01-e064e749.jsonl", header(), context, said);
  here.write("session-2026-11-30T15-18-e064e749.jsonl", header(), context);
  here.write("session-2026-11-30T15-18-1a0b9f93.jsonl", header("1a0b9f93-x"), context);
  await clearLeftovers(here.where);
  expect(here.names()).toEqual(["session-2026-11-30T15-01-e064e749.jsonl", "session-2026-11-30T15-18-1a0b9f93.jsonl"]);
});

test("removed by another Gemini, it is put back as it was opened last", async () => {
  using here = place();
  here.write("session-2026-11-30T15-01-e064e749.jsonl", header(), context, said);
  await guardChat(here.where);
  rmSync(join(here.chats, "session-2026-11-30T15-01-e064e749.jsonl"));
  here.write("session-2026-11-30T15-18-e064e749.jsonl", header(), context);
  await guardChat(here.where);
  expect(here.names()).toEqual(["session-2026-11-30T15-17-e064e749.jsonl"]);
  expect(readFileSync(join(here.chats, "session-2026-11-30T15-17-e064e749.jsonl"), "utf8")).toContain("heliotrope");
});

test("nothing was ever said in it: nothing is touched", async () => {
  using here = place();
  here.write("session-2026-11-30T15-18-e064e749.jsonl", header(), context);
  await guardChat(here.where);
  expect(here.names()).toEqual(["session-2026-11-30T15-18-e064e749.jsonl"]);
});
