/** Before a session is chosen it is known what the agent of a sandbox could have left behind. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentDriver } from "@hapi/agents";
import { createSession } from "@hapi/machine";
import { parseAgentFlags } from "./agent-flags.ts";
import { writtenHere } from "./written-here.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "cli-written-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const driver = { ownPaths: () => ({ folders: ["/own"], files: [] }) } as unknown as AgentDriver;
const written = (words: string[], cwd: string, home = join(root, "home")): readonly string[] =>
  writtenHere({ home, driver, flags: parseAgentFlags(words), env: {}, cwd });

test("asked for, or kept by a session of this folder; without a sandbox nothing; a folder that is gone is no failure here", () => {
  expect(written([], root)).toEqual([]);
  expect(written(["--sandbox"], root)).toEqual([root, "/own"]);
  expect(written(["--sandbox"], join(root, "gone"))).toEqual([join(root, "gone"), "/own"]);
  const home = join(root, "kept");
  const session = { home, flavor: "demo", cwd: root, machineId: "m", hubUrl: "http://127.0.0.1:1", startingMode: "local" } as const;
  createSession({ ...session, startedBy: "terminal", box: { network: true } });
  expect(written([], root, home)).toEqual([root, "/own", root]);
});
