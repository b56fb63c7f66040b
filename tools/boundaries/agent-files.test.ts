/**
 * What Claude writes is read through the driver's port (`claude/system.ts`), or the simulation could not own it: nobody there opens files, looks for
 * processes or draws ids by himself.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(import.meta.dir, "../../packages/agents/src/claude");

/** This list may only become shorter. */
const exceptions: readonly (readonly [file: string, because: string])[] = [
  ["detect.ts", "the program itself, which a simulation has none of"],
  ["first-launch.ts", "stands before there is a session process"],
  ["overlay.ts", "a file of HAPI's own, and what the person's command line names"],
  ["prompt-content.ts", "attachments, which HAPI keeps"],
  ["system.ts", "where the real machine comes in"],
];

const direct =
  /"node:fs(?:\/promises)?"|\brandomUUID\b|\brandomBytes\b|\b(?:systemFiles|systemProcesses|processStartTime|isAlive|ownSystem)\b/;
const wiring = ["conversation.ts", "driver.ts", "line.ts"];

test("Claude's files, processes and new ids come through the port", () => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const found = names.filter((name) => direct.test(readFileSync(join(folder, name), "utf8")) && !wiring.includes(name));
  expect(found.toSorted()).toEqual(exceptions.map(([file]) => file).toSorted());
});
