/** What a driven Claude said and its record lacks is one loss until the record has something again, whoever notices it first. */
import { expect, test } from "bun:test";
import { systemClock } from "@hapi/platform/lean";
import { createCatchUp } from "./catch-up.ts";
import type { Core } from "./core.ts";
import { type Json, str } from "./json.ts";

/** A conversation whose record is gone: what is told of it comes from the output alone, until `written`. */
function recordless() {
  const known = new Set<string>();
  const waits = new Map<string, (isThere: boolean) => void>();
  const losses: string[] = [];
  const come = (uuid: string): void => {
    known.add(uuid);
    waits.get(uuid)?.(true);
    waits.delete(uuid);
  };
  let isThere = false;
  const feed = {
    held: false,
    get isThere() {
      return isThere;
    },
    thread: { id: "t", transcript: "/gone.jsonl" },
    has: (uuid: string) => known.has(uuid),
    look: async () => undefined,
    tell: (line: Json) => come(str(line["uuid"]) ?? ""),
    reached: (uuid: string) =>
      new Promise<boolean>((resolve) => {
        if (known.has(uuid)) resolve(true);
        else waits.set(uuid, resolve);
      }),
  };
  const core = {
    context: { clock: systemClock, log: { warn: () => undefined } },
    patience: { absentMs: 1, silentMs: 1 },
    thread: { id: "t" },
    feed,
    prompts: { pending: [] },
    lost: (kind: string) => void losses.push(kind),
  } as unknown as Core;
  const words = createCatchUp({ core, launchId: "l", hurry: () => false });
  const says = (uuid: string): void =>
    words.heard({ type: "assistant", uuid, message: { id: `m-${uuid}`, content: [{ type: "text", text: uuid }] } });
  return {
    words,
    losses,
    known,
    says,
    /** The record has it after all. */
    written(uuid: string) {
      isThere = true;
      come(uuid);
    },
    vanishes() {
      isThere = false;
    },
  };
}

test("a record that is gone is one loss, also where the watch tells a line that the end of its turn waits for", async () => {
  const { words, losses, says, known } = recordless();
  says("one");
  // Each waits for its line until the watch has told it from the output.
  await words.untilTold();
  expect([[...known], losses]).toEqual([["one"], ["record_missing"]]);
  says("two");
  await words.untilTold();
  says("three");
  await words.untilTold();
  expect([[...known], losses]).toEqual([["one", "two", "three"], ["record_missing"]]);
  words.close();
}, 20_000);

test("a record that came back and is gone again is another loss", async () => {
  const { words, losses, says, ...more } = recordless();
  says("one");
  await words.untilTold();
  says("two");
  more.written("two");
  // Read from the record: nothing is missing any more.
  says("three");
  more.written("three");
  await words.untilTold();
  more.vanishes();
  says("four");
  await words.untilTold();
  expect(losses).toEqual(["record_missing", "record_missing"]);
  words.close();
});
