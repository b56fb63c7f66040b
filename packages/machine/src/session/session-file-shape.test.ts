/** What a session file may hold: the check is written by hand, so it is held against the schema of the shapes that also go over the wire. */
import { expect, test } from "bun:test";
import { worktreeSchema } from "@hapi/protocol/worktree";
import { isSessionFile } from "./session-file-shape.ts";

const least = {
  version: 1,
  sessionId: "s",
  tag: "t",
  flavor: "claude",
  cwd: "/work",
  machineId: "m",
  hubUrl: "http://hub",
  createdAt: 1,
  startedBy: "terminal",
  startingMode: "local",
  args: ["--verbose"],
};
const full = {
  ...least,
  permissionMode: "plan",
  model: null,
  environment: { values: { A: "x", B: null }, withheld: ["KEY"], fingerprints: { KEY: "a:b" }, program: "/bin/claude", later: 1 },
  autoRetry: false,
  threadId: "thread",
  fork: true,
  earlier: true,
  firstLaunch: { launchId: "l", threadId: "t", how: "new" },
  keptWords: true,
  name: "n",
  worktree: { basePath: "/b", branch: "b", name: "n", worktreePath: "/w", createdAt: 2 },
  launchId: "l",
  registeredAt: "http://hub",
  hubFrom: "settings",
  ofALaterVersion: { any: "thing" },
};

test("the least, and everything there is, with what a later version has added", () => {
  expect([least, full].map(isSessionFile)).toEqual([true, true]);
});

test("no key that must be there is missing, and none holds something else", () => {
  for (const key of Object.keys(least)) expect([key, isSessionFile({ ...least, [key]: undefined })]).toEqual([key, false]);
  const known = Object.keys(full).filter((key) => key !== "ofALaterVersion");
  for (const key of known) expect([key, isSessionFile({ ...full, [key]: { not: ["this"] } })]).toEqual([key, false]);
  for (const key of known.filter((one) => one !== "model")) expect([key, isSessionFile({ ...full, [key]: null })]).toEqual([key, false]);
  for (const nothing of [null, undefined, [], "text", 1]) expect(isSessionFile(nothing)).toBe(false);
});

test("inside of what it holds", () => {
  const wrong = [
    { args: ["a", 1] },
    { environment: { values: { A: 1 }, withheld: [] } },
    { environment: { values: {}, withheld: [null] } },
    { environment: { values: [], withheld: [] } },
    { environment: { values: {}, withheld: [], fingerprints: { KEY: 1 } } },
    { firstLaunch: { launchId: "l", threadId: "t", how: "fork" } },
    { startingMode: "both" },
    { createdAt: Number.NaN },
  ];
  for (const part of wrong) expect([part, isSessionFile({ ...full, ...part })]).toEqual([part, false]);
});

test("a worktree is what the wire takes for one", () => {
  const cases = [
    full.worktree,
    { ...full.worktree, extra: 1 },
    { ...full.worktree, createdAt: "2" },
    { ...full.worktree, branch: undefined },
    {},
    null,
    "x",
  ];
  for (const worktree of cases)
    expect([worktree, isSessionFile({ ...full, worktree })]).toEqual([worktree, worktreeSchema.safeParse(worktree).success]);
});
