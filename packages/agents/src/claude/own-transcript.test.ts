import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOwnTranscript } from "./paths.ts";
import { ownSystem } from "./system.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "own-transcript-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const projects = join(home, ".claude", "projects");
mkdirSync(join(projects, "-work"), { recursive: true });
writeFileSync(join(home, "forged.jsonl"), "");
writeFileSync(join(projects, "-work", "real.jsonl"), "");
symlinkSync(join(home, "forged.jsonl"), join(projects, "-work", "linked.jsonl"));
const isOwn = (path: string): boolean => isOwnTranscript({ env: { HOME: home }, system: ownSystem }, path);

test("a report's record counts only below Claude's own folder, wherever links lead", () => {
  expect(["real.jsonl", "not-there-yet.jsonl"].map((name) => isOwn(join(projects, "-work", name)))).toEqual([true, true]);
  expect(isOwn(join(projects, "-new-folder", "x.jsonl"))).toBe(true);
  for (const path of [
    join(home, "forged.jsonl"),
    join(projects, "-work", "linked.jsonl"),
    join(projects, "-work", "..", "..", "..", "forged.jsonl"),
    join(projects, "-work", "a.txt"),
    `${projects}-else/x.jsonl`,
  ])
    expect(isOwn(path)).toBe(false);
});
