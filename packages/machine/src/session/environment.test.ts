/** What of the environment stays with a session, and what a later start with another one makes of it. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { driverFor } from "@hapi/agents";
import { sessionDir } from "@hapi/platform";
import { credentialFingerprint, CREDENTIALS_KEY_FILE } from "./credentials.ts";
import { createSession, type CreateSessionOptions } from "./create-session.ts";
import {
  anotherCredential,
  changedOf,
  differencesOf,
  environmentFacts,
  requireCredentials,
  takeEnvironment,
  withKept,
} from "./environment.ts";
import { readSessionFile } from "./session-file.ts";

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
const keyHome = mkdtempSync(join(tmpdir(), "hapi-environment-key-"));
afterAll(() => rmSync(keyHome, { recursive: true, force: true }));
const fingerprint = credentialFingerprint(keyHome);
const taken = takeEnvironment(variables, atStart, "/opt/claude", fingerprint);

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
  const env = withKept(runner, taken);
  expect(env).toMatchObject({ HOME: "/home/me", CLAUDE_CONFIG_DIR: "/home/me/.claude-work", AWS_PROFILE: "work", EDITOR: "nano" });
  expect([env["ANTHROPIC_AUTH_TOKEN"], env["CLAUDE_CODE_USE_VERTEX"], env["ANTHROPIC_API_KEY"]]).toEqual([
    undefined,
    undefined,
    "sk-runner",
  ]);
  expect(differencesOf(taken, variables, runner)).toContainEqual({ name: "ANTHROPIC_AUTH_TOKEN", kept: null, here: "***" });
  expect(JSON.stringify(environmentFacts(taken, variables, runner, []))).not.toContain("other");
});

test("a credential that is another one is noticed, by a fingerprint that says nothing outside of this home", () => {
  const same = { ANTHROPIC_API_KEY: "sk-secret-1", HTTPS_PROXY: "http://me:secret-2@proxy:3128", AWS_SECRET_ACCESS_KEY: "secret-3" };
  expect(changedOf(taken, same, fingerprint)).toEqual({});
  const other = { ...same, ANTHROPIC_API_KEY: "sk-secret-4", AWS_SECRET_ACCESS_KEY: undefined };
  const changed = changedOf(taken, other, credentialFingerprint(keyHome));
  expect(Object.keys(changed)).toEqual(["ANTHROPIC_API_KEY"]);
  // It is used all the same.
  expect(() => requireCredentials(taken, { ...other, AWS_SECRET_ACCESS_KEY: "z" }, "s")).not.toThrow();
  expect(anotherCredential(["A", "B"], "12345678-9").text).toMatch(/^A, B are other ones .* hapi resume 12345678 --this-environment$/);
  // Short, and keyed: the same value under another name, or in another home, has another one.
  const [kept = ""] = Object.values(taken.fingerprints ?? {});
  expect(kept).toMatch(/^[0-9a-f]{6}:[0-9a-f]{12}$/);
  expect(fingerprint("A", "x")).not.toBe(fingerprint("B", "x"));
  const elsewhere = mkdtempSync(join(tmpdir(), "hapi-environment-"));
  folders.push(elsewhere);
  expect(credentialFingerprint(elsewhere)("A", "x")).not.toBe(fingerprint("A", "x"));
  expect(statSync(join(keyHome, CREDENTIALS_KEY_FILE)).mode & 0o777).toBe(0o600);
  // Nothing of it is told.
  const facts = environmentFacts(taken, variables, other, Object.keys(changed));
  expect(facts).toMatchObject({ changed: ["ANTHROPIC_API_KEY"] });
  for (const print of [...Object.values(taken.fingerprints ?? {}), ...Object.values(changed)])
    expect(JSON.stringify(facts)).not.toContain(print);
});

test("a key that was lost, damaged, or is younger than the session raises no false alarm", () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-environment-"));
  folders.push(home);
  const env = { ANTHROPIC_API_KEY: "sk-secret-1" };
  const kept = takeEnvironment(variables, env, undefined, credentialFingerprint(home));
  const path = join(home, CREDENTIALS_KEY_FILE);
  for (const damage of [() => rmSync(path), () => writeFileSync(path, ""), () => writeFileSync(path, "zz")]) {
    damage();
    expect(changedOf(kept, { ANTHROPIC_API_KEY: "sk-secret-2" }, credentialFingerprint(home))).toEqual({});
    expect(readFileSync(path, "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
  }
  expect(changedOf({ ...kept, fingerprints: undefined }, { ANTHROPIC_API_KEY: "sk-secret-2" }, fingerprint)).toEqual({});
});

test("a credential that is missing is named, with what can be done; nothing is kept of an older version's session", () => {
  expect(() => requireCredentials(taken, { ANTHROPIC_API_KEY: "x", HTTPS_PROXY: "y" }, "12345678-9")).toThrow(
    /AWS_SECRET_ACCESS_KEY set\..*hapi resume 12345678\..*--this-environment/,
  );
  expect(() => requireCredentials(taken, { ANTHROPIC_API_KEY: "x", HTTPS_PROXY: "y", AWS_SECRET_ACCESS_KEY: "z" }, "s")).not.toThrow();
  expect(() => requireCredentials(undefined, {}, "s")).not.toThrow();
  expect(withKept({ A: "1" }, undefined)).toEqual({ A: "1" });
});

test("the session's environment: made once, private, replaced only when a person says so; a runner adds none to an older session", () => {
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
    return { sessionId, kept: readSessionFile(sessionDir(home, sessionId))?.environment };
  };
  const other = takeEnvironment(variables, { HOME: "/home/other" }, undefined, fingerprint);
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
