import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemFiles } from "@hapi/platform/lean";
import type { Json } from "./json.ts";
import { findPrompts, lastTurn } from "./transcript-file.ts";

const dir = mkdtempSync(join(tmpdir(), "transcript-file-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A file of these lines, each the child of the one before. */
function fileOf(...lines: Json[]): string {
  const path = join(dir, `${Math.random()}.jsonl`);
  const chained = lines.map((line, index) => ({ uuid: `u${index}`, parentUuid: index === 0 ? null : `u${index - 1}`, ...line }));
  writeFileSync(path, chained.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return path;
}

const sent = (content: string): Json => ({ type: "user", promptSource: "sdk", message: { content } });
const failed: Json = { type: "assistant", isApiErrorMessage: true, message: { model: "<synthetic>", content: [] } };
const own = (content: string, more: Json = {}): Json => ({ type: "user", message: { content }, ...more });

test("a failed prompt is the last turn, whatever it looks like", async () => {
  for (const words of [
    "<task-notification>read this",
    "<bash-stdout>x</bash-stdout>",
    "<local-command-stdout>y</local-command-stdout>",
    "[Request interrupted by user]",
    "<command-name>/clear</command-name>",
    "<system-reminder>z</system-reminder>",
    "<local-command-caveat>c</local-command-caveat>",
  ])
    expect(await lastTurn(systemFiles, fileOf(sent("before"), sent(words), failed))).toEqual({
      uuid: "u1",
      content: words,
      worked: false,
      complete: false,
    });
});

test("a command that Claude carries out by itself is no turn to repeat; one that begins a turn is repeated as it was entered", async () => {
  const command = (name: string): string =>
    `<command-name>${name}</command-name>\n<command-message>x</command-message>\n<command-args>now</command-args>`;
  const caveat = own("<local-command-caveat>run directly</local-command-caveat>", { isMeta: true });
  expect((await lastTurn(systemFiles, fileOf(sent("do"), failed, caveat, own(command("/context")))))?.content).toBe("do");
  expect((await lastTurn(systemFiles, fileOf(sent("do"), failed, own(command("/doctor")), failed)))?.content).toBe("/doctor now");
});

test("what was run with ! is not run again", async () => {
  const last = await lastTurn(
    systemFiles,
    fileOf(own("<bash-input>make</bash-input>"), own("<bash-stdout>x</bash-stdout><bash-stderr></bash-stderr>"), failed),
  );
  expect(last).toEqual({ uuid: "u0", content: "!make", worked: true, complete: false });
});

test("a prompt is found by its id, also where Claude refused to carry it out", async () => {
  const path = fileOf({ type: "system", subtype: "local_command", content: "/permissions", submitUuid: "sent-id" }, own("about other-id"));
  expect([...(await findPrompts(systemFiles, path, ["sent-id", "other-id"]))]).toEqual(["sent-id"]);
});
