/** What of the environment stays with a session, and what a later start with another one makes of it. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { driverFor } from "@hapi/agents";
import { sessionDir } from "@hapi/platform";
import { createSession, type CreateSessionOptions } from "./create-session.ts";
import { differencesOf, environmentFacts, requireCredentials, takeEnvironment, withRecorded } from "./environment.ts";
import { readRecord } from "./record.ts";

const folders: string[] = [];
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

const variables = driverFor("claude")?.environment ?? [];
const atStart = {
  HOME: "/home/me",
  CLAUDE_CONFIG_DIR: "/home/me/.claude-work",
  ANTHROPIC_API_KEY: "sk-secret-1",
  HTTPS_PROXY: "http://me:secret-2@proxy:3128",
  CLAUDE_CODE_USE_BEDROCK: "1",
  AWS_PROFILE: "work",
  AWS_SECRET_ACCESS_KEY: "secret-3",
  EDITOR: "vi",
};
const taken = takeEnvironment(variables, atStart, "/opt/claude");

test("values are kept, of credentials only that they were there, and what was not set stays so", () => {
  expect(taken.values).toMatchObject({
    CLAUDE_CONFIG_DIR: "/home/me/.claude-work",
    CLAUDE_CODE_USE_BEDROCK: "1",
    AWS_PROFILE: "work",
    ANTHROPIC_AUTH_TOKEN: null,
    CLAUDE_CODE_USE_VERTEX: null,
    XDG_CONFIG_HOME: null,
  });
  expect(taken.withheld.toSorted()).toEqual(["ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY"]);
  expect(taken.program).toBe("/opt/claude");
  expect(JSON.stringify(taken)).not.toContain("secret");
  expect(taken.values).not.toHaveProperty("EDITOR");
});

test("a later start elsewhere gets the session's own values, loses what was not set, and brings the credentials", () => {
  const runner = {
    HOME: "/root",
    ANTHROPIC_API_KEY: "sk-runner",
    ANTHROPIC_AUTH_TOKEN: "other",
    CLAUDE_CODE_USE_VERTEX: "1",
    EDITOR: "nano",
  };
  const env = withRecorded(runner, taken);
  expect(env).toMatchObject({ HOME: "/home/me", CLAUDE_CONFIG_DIR: "/home/me/.claude-work", AWS_PROFILE: "work", EDITOR: "nano" });
  expect([env["ANTHROPIC_AUTH_TOKEN"], env["CLAUDE_CODE_USE_VERTEX"], env["ANTHROPIC_API_KEY"]]).toEqual([
    undefined,
    undefined,
    "sk-runner",
  ]);
  expect(differencesOf(taken, variables, runner)).toContainEqual({ name: "ANTHROPIC_AUTH_TOKEN", kept: null, here: "***" });
  expect(JSON.stringify(environmentFacts(taken, variables, runner))).not.toContain("other");
});

test("a credential that is missing is named, with what can be done; nothing is kept of an older version's session", () => {
  expect(() => requireCredentials(taken, { ANTHROPIC_API_KEY: "x", HTTPS_PROXY: "y" }, "12345678-9")).toThrow(
    /AWS_SECRET_ACCESS_KEY set\..*hapi resume 12345678\..*--this-environment/,
  );
  expect(() => requireCredentials(taken, { ANTHROPIC_API_KEY: "x", HTTPS_PROXY: "y", AWS_SECRET_ACCESS_KEY: "z" }, "s")).not.toThrow();
  expect(() => requireCredentials(undefined, {}, "s")).not.toThrow();
  expect(withRecorded({ A: "1" }, undefined)).toEqual({ A: "1" });
});

test("the record: made once, private, replaced only when a person says so; a runner adds none to an older session", () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-environment-"));
  folders.push(home);
  const start = (more: Partial<CreateSessionOptions>) => {
    const { sessionId } = createSession({
      home,
      flavor: "claude",
      cwd: home,
      machineId: "m",
      hubUrl: "http://127.0.0.1:1",
      startedBy: "terminal",
      startingMode: "local",
      ...more,
    });
    return { sessionId, kept: readRecord(sessionDir(home, sessionId))?.environment };
  };
  const other = takeEnvironment(variables, { HOME: "/home/other" }, undefined);
  const first = start({ environment: taken });
  const file = join(sessionDir(home, first.sessionId), "session.json");
  expect(first.kept).toEqual(taken);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain("secret-");
  const { sessionId } = first;
  expect(start({ sessionId, environment: other }).kept).toEqual(taken);
  expect(start({ sessionId, environment: other, replaceEnvironment: true }).kept).toEqual(other);
  const older = start({});
  expect(start({ sessionId: older.sessionId, startedBy: "runner", environment: other }).kept).toBeUndefined();
  expect(start({ sessionId: older.sessionId, environment: other }).kept).toEqual(other);
});
