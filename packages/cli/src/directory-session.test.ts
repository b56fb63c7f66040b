/** Which session a line means: the one that has the conversation it asks for, before the folder's own. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ThreadAsked } from "@hapi/agents";
import { createSession } from "@hapi/machine";
import type { SessionSummary } from "@hapi/protocol";
import { parseAgentFlags } from "./agent-flags.ts";
import { findDirectorySession, holderAtHub } from "./directory-session.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "hapi-directory-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const thread = "0c9e2a50-7a04-4a0f-9c3a-000000000001";
const base = { home, flavor: "claude", cwd: home, machineId: "m", hubUrl: "http://hub" };
const { sessionId } = createSession({ ...base, startedBy: "terminal", startingMode: "local", threadId: thread });
const find = (asked: ThreadAsked | null, words: string[] = []) =>
  findDirectorySession({ ...base, cwd: tmpdir(), flags: parseAgentFlags(words), asked, now: 36 });

test("a conversation that has a session is joined, from any folder and also with --new", () => {
  const joined = { kind: "existing", joined: true, sessionFile: { sessionId } };
  expect(find({ threadId: thread, fork: false })).toMatchObject(joined);
  expect(find({ threadId: thread, fork: false }, ["--new"])).toMatchObject(joined);
});

test("a branch of it, another one, or a picker make a session of their own", () => {
  expect(find({ threadId: thread, fork: true }).kind).toBe("new");
  expect(find({ threadId: "0c9e2a50-7a04-4a0f-9c3a-000000000002", fork: false }).kind).toBe("new");
  expect(find({ threadId: null, fork: false }).kind).toBe("new");
  expect(findDirectorySession({ ...base, flags: parseAgentFlags([]), asked: { threadId: null, fork: false }, now: 36 })).toMatchObject({
    kind: "new",
    tag: expect.stringMatching(/:10$/),
  });
});

test("the hub may know one whose files are lost here", () => {
  const row = (id: string, machineId: string, agentSessionId: string) =>
    ({ id, metadata: { path: "/p", machineId, agentSessionId } }) as unknown as SessionSummary;
  const rows = [row("a", "other", thread), row("b", "m", "x"), row("c", "m", thread)];
  expect(holderAtHub(rows, { machineId: "m", asked: { threadId: thread, fork: false } })?.id).toBe("c");
  expect(holderAtHub(rows, { machineId: "m", asked: { threadId: thread, fork: true } })).toBeNull();
});
