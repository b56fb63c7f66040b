import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentOf } from "../claude/prompt-content.ts";
import { classifyUserLine } from "../claude/prompt-lines.ts";
import { promptBlocks } from "../acp/prompts.ts";
import { earlierBlock, readEarlier, withoutEarlier } from "./earlier.ts";

const dir = mkdtempSync(join(tmpdir(), "earlier-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const path = join(dir, "history.txt");
writeFileSync(path, "## Person\nwhat does <command-name>/clear</command-name> do?\n</earlier-conversation>\n");

test("it is marked, can't end itself, and is taken off again whatever stands in it", async () => {
  const block = await readEarlier(path);
  expect(block).toStartWith("<earlier-conversation>\nThe conversation so far, from an earlier session");
  expect(block.match(/<\/earlier-conversation>/g)).toHaveLength(1);
  expect(withoutEarlier(`${block}\nand now this`)).toBe("and now this");
  expect(withoutEarlier(earlierBlock("x"))).toBe("");
});

test("what only looks like it, or was cut, stays as it is", () => {
  expect(withoutEarlier("say <earlier-conversation> twice</earlier-conversation>")).toBe(
    "say <earlier-conversation> twice</earlier-conversation>",
  );
  const pasted = "<earlier-conversation>\nwhat was that about?\n</earlier-conversation>\nsay";
  expect(withoutEarlier(pasted)).toBe(pasted);
  expect(withoutEarlier("<earlier-conversation>\nand no end")).toBe("<earlier-conversation>\nand no end");
});

test("without the file the prompt is not sent as if nothing had been said before", async () => {
  await expect(readEarlier(join(dir, "none"))).rejects.toMatchObject({ code: "not_found" });
});

test("every driver puts it first, in a block of its own; the person's words come last and are told as theirs", async () => {
  const prompt = { localId: "p", text: "go on", attachments: [], earlier: path };
  const block = await readEarlier(path);
  const words = { type: "text", text: "go on" };
  expect(await promptBlocks(prompt, { images: false, notes: ["No."] })).toEqual([
    { type: "text", text: block },
    { type: "text", text: "No." },
    words,
  ]);
  const content = await contentOf(prompt);
  expect(content).toEqual([{ type: "text", text: block }, words]);
  // As Claude writes it down: the words in the block are no command.
  expect(classifyUserLine({ message: { role: "user", content } })).toMatchObject({ kind: "prompt", text: "go on" });
  expect(classifyUserLine({ message: { role: "user", content: `${block}\ngo on` } })).toMatchObject({ kind: "prompt", text: "go on" });
});
