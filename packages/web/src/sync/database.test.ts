import { expect, test } from "bun:test";
import { inMemory } from "./database.ts";
import { createDrafts } from "./drafts.ts";
import { outboxStorage } from "./storage.ts";

test("drafts come back whole, and an empty one is forgotten", async () => {
  const database = inMemory();
  const drafts = createDrafts(database);
  const file = { id: "f", filename: "a.png", mimeType: "image/png", content: new Blob(["x"]) };
  await drafts.save("s", { text: "half a sent", files: [file] });
  expect(await createDrafts(database).load("s")).toEqual({ text: "half a sent", files: [file] });
  expect(await drafts.load("other")).toBeNull();
  await drafts.save("s", { text: "", files: [] });
  expect(await database.all("drafts")).toEqual([]);
});

test("something else's value is no draft and no prompt", async () => {
  const database = inMemory();
  await database.put("drafts", "s", { text: 7 });
  await database.put("outbox", "x", "nonsense");
  expect(await createDrafts(database).load("s")).toBeNull();
  expect(await outboxStorage(database).list()).toEqual([]);
});

test("signing out leaves nothing", async () => {
  const database = inMemory();
  await database.put("cache", "a", 1);
  await database.put("outbox", "b", 2);
  await database.clear();
  expect([await database.all("cache"), await database.all("outbox")]).toEqual([[], []]);
});
