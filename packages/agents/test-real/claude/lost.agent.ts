/** Each source of the driver made to vanish, one at a time: nothing that was said stays unsaid, and what may be missing is told. */
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { createRig, type Rig, texts, turn } from "./rig.ts";

const kinds = (rig: Rig): string[] => rig.losses.map(({ kind }) => kind);
const recordOf = (rig: Rig): string => (rig.memory.get("claude.thread") as { transcript: string }).transcript;
const plain = (text: string): string[] => [`user: ${text}`, "started", `agent: Echo: ${text}`, "ended: completed"];
const RUN = "run: echo hi";
const work = [`user: ${RUN}`, "started", "call: Bash", "result: completed", expect.stringMatching(/^agent: Done\./), "ended: completed"];

async function said(rig: Rig, text: string): Promise<string[]> {
  const from = rig.mark();
  await turn(rig, text);
  return texts(rig, from);
}

/** Where Claude can't write: a full disk, a folder of somebody else's. */
async function unwritable(): Promise<Rig> {
  const rig = await createRig({ lossy: true });
  mkdirSync(join(rig.env["HOME"] ?? "", ".claude"));
  writeFileSync(join(rig.env["HOME"] ?? "", ".claude", "projects"), "");
  return rig;
}

test("a Claude that can't keep a record: its output is told, in the same form, with one warning", async () => {
  await using rig = await unwritable();
  await rig.start();
  expect(await said(rig, "hello")).toEqual(plain("hello"));
  expect(await said(rig, RUN)).toEqual(work);
  expect(await said(rig, "and more")).toEqual(plain("and more"));
  expect(kinds(rig)).toEqual(["record_missing"]);
  expect(rig.losses[0]?.words?.text).toContain("can't be found");
  expect(rig.losses[0]?.details["path"]).toBe(recordOf(rig));
  const deltas = rig.events.filter((event) => event.type === "stream" && !event.done);
  const messages = rig.events.flatMap((event) => (event.type === "record" && event.event.type === "agent-message" ? [event.event.id] : []));
  expect(deltas.every((event) => event.type === "stream" && messages.includes(event.delta.itemId))).toBe(true);
}, 480_000);

test("without a record a long turn is told while it lasts, and a prompt is never taken for one that was not handed", async () => {
  await using rig = await unwritable();
  await rig.start();
  await rig.conversation.prompt({ localId: "long", text: `${RUN}\nslow 30 400`, attachments: [] });
  await rig.record("tool-result");
  expect(texts(rig)).not.toContain("ended: completed");
  expect(await rig.conversation.lookup("long")).toBe("present");
  await rig.record("turn-ended");
  expect(await rig.conversation.lookup("long")).toBe("unknown");
}, 480_000);

test("a folder in the record's place: the turn is told from the output, the next session process tells nothing twice", async () => {
  await using rig = await createRig({ lossy: true });
  await rig.start();
  await turn(rig, "hello");
  const path = recordOf(rig);
  renameSync(path, `${path}.kept`);
  mkdirSync(path);
  expect(await said(rig, RUN)).toEqual(work);
  await rig.killSessionProcess();
  expect(await rig.takeOver()).toBe("remote");
  expect(await said(rig, "again")).toEqual(plain("again"));
  expect(texts(rig).filter((line) => line === "started")).toHaveLength(3);
  expect(new Set(kinds(rig))).toEqual(new Set(["record_missing"]));
  // It is back, with what was said before; what came since stands only here.
  rmSync(path, { recursive: true });
  renameSync(`${path}.kept`, path);
  const from = rig.mark();
  expect(await said(rig, "at last")).toEqual(plain("at last"));
  expect(texts(rig, from)).toEqual(plain("at last"));
}, 480_000);

for (const [what, vanish] of [
  ["deleted", (path: string) => rmSync(path)],
  ["cut to nothing", (path: string) => truncateSync(path, 0)],
] as const)
  test(`a record that is ${what} between two turns: nothing is missing and nothing is told twice`, async () => {
    await using rig = await createRig({ lossy: true });
    await rig.start();
    await turn(rig, "hello");
    vanish(recordOf(rig));
    expect(await said(rig, RUN)).toEqual(work);
    expect(await said(rig, "more")).toEqual(plain("more"));
    expect(texts(rig).filter((line) => line === "started")).toHaveLength(3);
  }, 480_000);
