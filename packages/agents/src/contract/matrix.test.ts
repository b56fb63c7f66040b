/** A column that no test fills would stay empty for ever without a word. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoDriver } from "../demo/driver.ts";
import { FEATURES, noteCell } from "./matrix.ts";

test("each column is a test of the contract", () => {
  const cases = ["driver", "requests", "recovery"].map((name) => readFileSync(join(import.meta.dir, `${name}.case.ts`), "utf8")).join("\n");
  expect(Object.keys(FEATURES).filter((name) => !cases.includes(`"${name}"`))).toEqual([]);
});

test("a promise that was kept is a line in the file that was named, and nothing without one", () => {
  const folder = mkdtempSync(join(tmpdir(), "hapi-matrix-"));
  const file = join(folder, "cells.jsonl");
  const before = process.env["HAPI_AGENT_MATRIX"];
  const fixture = { name: "demo", driver: demoDriver, version: "1", prepare: () => Promise.reject(new Error("not run")) };
  try {
    delete process.env["HAPI_AGENT_MATRIX"];
    noteCell(fixture, "streams while it works");
    process.env["HAPI_AGENT_MATRIX"] = file;
    noteCell(fixture, "streams while it works");
    noteCell(fixture, "a plan is approved as a plan", "it has none");
    noteCell(fixture, "nothing to adopt is null");
    expect(
      readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { agent: "demo", name: "Demo agent", version: "1", feature: "stream", value: "yes" },
      { agent: "demo", name: "Demo agent", version: "1", feature: "plan", value: "it has none" },
    ]);
  } finally {
    if (before === undefined) delete process.env["HAPI_AGENT_MATRIX"];
    else process.env["HAPI_AGENT_MATRIX"] = before;
    rmSync(folder, { recursive: true });
  }
});
