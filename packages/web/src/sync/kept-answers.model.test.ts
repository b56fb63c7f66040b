import { expect, test } from "bun:test";
import { createKeptAnswers } from "./kept-answers.model.ts";

function storage() {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
}

test("half an answer is there after a reload, and gone when it was sent", () => {
  const disk = storage();
  createKeptAnswers(disk).keep("r1", { "0": { chosen: ["Blue"] } });
  createKeptAnswers(disk).keep("r1:reason", "because");
  createKeptAnswers(disk).keep("r2", "other");
  const reloaded = createKeptAnswers(disk);
  expect(reloaded.get("r1")).toEqual({ "0": { chosen: ["Blue"] } });
  reloaded.forget("r1");
  expect([reloaded.get("r1"), reloaded.get("r1:reason"), reloaded.get("r2")]).toEqual([null, null, "other"]);
  reloaded.keep("r2", null);
  expect(disk.values.size).toBe(0);
});

test("bounded in number and size; what another program left there is nothing", () => {
  const disk = storage();
  const kept = createKeptAnswers(disk);
  for (let n = 0; n < 80; n++) kept.keep(`r${n}`, n);
  expect([kept.get("r29"), kept.get("r30"), kept.get("r79")]).toEqual([null, 30, 79]);
  kept.keep("long", "x".repeat(100_000));
  kept.keep("longer", "y".repeat(100_000));
  expect([kept.get("long"), kept.get("r79")]).toEqual([null, null]);
  expect(kept.get("longer")).toHaveLength(100_000);
  disk.values.set("hapi_answers", "{broken");
  expect(kept.get("longer")).toBeNull();
  disk.values.set("hapi_answers", '{"a":1}');
  expect(kept.get("a")).toBeNull();
});
