import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { HOOK_EVENTS } from "../overlay.ts";
import { type Json, list, obj, parseJson } from "../json.ts";
import { ATTACHMENTS } from "./attachments.ts";
import { HOOKS } from "./hooks.ts";
import { TABLES } from "./index.ts";
import { BLOCKS, LINES } from "./lines.ts";
import { MESSAGES, REQUESTS } from "./messages.ts";
import { SYSTEM } from "./system.ts";
import { type Words, wordOf } from "./words.ts";

const folder = new URL("../../../../testkit/src/recorded/claude/", import.meta.url);

/** What a recorded line or message is called, where it stands. */
function namesIn(line: Json, top: Words): [Words, unknown][] {
  const names: [Words, unknown][] = [[top, line["type"]]];
  if (line["type"] === "system") names.push([SYSTEM, line["subtype"]]);
  if (line["type"] === "attachment") names.push([ATTACHMENTS, obj(line["attachment"])["type"]]);
  if (line["type"] === "control_request") names.push([REQUESTS, obj(line["request"])["subtype"]]);
  if (line["type"] === "assistant") for (const block of list(obj(line["message"])["content"])) names.push([BLOCKS, obj(block)["type"]]);
  return names;
}

for (const name of readdirSync(folder).filter((one) => one.endsWith(".jsonl")))
  test(`every word of the recording ${name} is decided about`, () => {
    const lines = readFileSync(new URL(name, folder), "utf8").trim().split("\n");
    const top = name === "every-message.jsonl" ? MESSAGES : LINES;
    const words = lines.flatMap((line) => namesIn(parseJson(line) ?? {}, top));
    expect(words.length).toBeGreaterThan(0);
    expect(words.filter(([table, word]) => !wordOf(table, word)).map(([, word]) => word)).toEqual([]);
  });

test("the hooks that Claude is given are those that are shown or used", () => {
  const given = Object.entries(HOOKS).filter(([, word]) => word.fate !== "ignored");
  expect(given.map(([name]) => name).sort()).toEqual([...HOOK_EVENTS].sort());
});

test("every word says why", () => {
  for (const { words } of TABLES) for (const word of Object.values(words)) expect(word.why.length).toBeGreaterThan(5);
});
