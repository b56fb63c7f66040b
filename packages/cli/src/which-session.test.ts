import { expect, test } from "bun:test";
import type { SessionFile } from "@hapi/machine";
import type { SessionSummary } from "@hapi/protocol";
import { pickSession } from "./which-session.ts";

const row = (id: string, facts: { name?: string; active?: boolean; lifecycleState?: string } = {}): SessionSummary =>
  ({
    id,
    active: facts.active ?? false,
    metadata: { path: "/src/shop", ...(facts.name ? { name: facts.name } : {}), lifecycleState: facts.lifecycleState ?? "running" },
  }) as unknown as SessionSummary;
const sessionFile = (sessionId: string, cwd = "/src/shop"): SessionFile => ({ sessionId, cwd }) as unknown as SessionFile;
const known = (rows: SessionSummary[] | null, sessionFiles: SessionFile[] = []) => ({ rows, sessionFiles, cwd: "/src/shop" });
const uuid = "3f2a6c1e-0000-4000-8000-000000000000";

test("by id, by its beginning, by name; a name wins over a beginning", () => {
  const rows = [row("3f2a-1"), row("3f2b-2", { name: "Fix the login" }), row("abc", { name: "3f2a" })];
  expect(pickSession("3f2b", known(rows)).id).toBe("3f2b-2");
  expect(pickSession("Fix the login", known(rows)).id).toBe("3f2b-2");
  expect(pickSession("3f2a", known(rows)).id).toBe("abc");
  expect(() => pickSession("3f", known(rows))).toThrow('"3f" fits 2 sessions');
  expect(() => pickSession("", known([row("a")]))).toThrow("No session is called");
  expect(() => pickSession("nope", known(rows))).toThrow("See: hapi sessions");
});

test("`.`: one that runs, else the newest of the directory, never an archived or deleted one", () => {
  const sessionFiles = [sessionFile("new"), sessionFile("old"), sessionFile("other", "/src/else")];
  expect(pickSession(".", known([row("new"), row("old"), row("other")], sessionFiles)).id).toBe("new");
  expect(pickSession(".", known([row("new"), row("old", { active: true })], sessionFiles)).id).toBe("old");
  expect(pickSession(".", known([row("new", { lifecycleState: "archived" }), row("old")], sessionFiles)).id).toBe("old");
  expect(pickSession(".", known([row("old")], sessionFiles)).id).toBe("old");
  expect(() => pickSession(".", known([row("other")], sessionFiles))).toThrow("Start one here with: hapi");
});

test("without a hub: this machine's session files, and a whole id", () => {
  const sessionFiles = [sessionFile("3f2a-1"), sessionFile("77aa-2")];
  expect(pickSession("3f2a", known(null, sessionFiles))).toMatchObject({ id: "3f2a-1", row: null });
  expect(pickSession(".", known(null, sessionFiles)).id).toBe("3f2a-1");
  expect(pickSession(uuid.toUpperCase(), known(null)).id).toBe(uuid);
  expect(() => pickSession("3f2a", known(null))).toThrow("The hub is away");
});
