import { describe, expect, test } from "bun:test";
import { MAX_PROMPT_BYTES, type SessionPromptState } from "@hapi/core";
import type { PromptEntry, PromptRow } from "./ledger-state.ts";
import {
  afterHanding,
  afterLookup,
  againStep,
  cancelStep,
  givenBack,
  MAX_QUEUED,
  moveAgain,
  moveByAgent,
  promptEntry,
  receiptOf,
  settleStep,
} from "./prompt-moves.ts";

const prompt = (stage: SessionPromptState = "queued", row: PromptRow = "queued", localId = "p1"): PromptEntry => ({
  ...promptEntry({ localId, messageId: `m-${localId}`, seq: 1, at: 0, text: "words", attachments: [], stageAt: 0 }),
  stage,
  row,
});
const message = (more: object = {}) => ({
  id: "m1",
  seq: 8,
  createdAt: 5,
  localId: "p1",
  content: { role: "user", content: { type: "text", text: "words" } },
  ...more,
});
const known = (prompts: PromptEntry[] = [], lastSeq: number | null = 7) => ({
  prompts: new Map(prompts.map((one) => [one.localId, one])),
  facts: { lastSeq },
  now: 9,
});

describe("what is taken in", () => {
  test("a prompt that is new, with its place in the hub's log", () => {
    expect(receiptOf(message(), "live", known())).toMatchObject({ prompt: { localId: "p1", stage: "queued", row: "queued" }, lastSeq: 8 });
    // Sent again from before: what was read stays read.
    expect(receiptOf(message({ seq: 3 }), "live", known())).toMatchObject({ lastSeq: 7 });
  });

  test.each([
    ["one that is here", message(), "live" as const, known([prompt()])],
    ["one that was handed while we were away", message({ invokedAt: 1 }), "backfill" as const, known()],
    ["a row without an id of its own that was read", message({ localId: null, seq: 7 }), "live" as const, known()],
    ["what is no prompt", message({ content: { role: "agent" } }), "live" as const, known()],
    [
      "one more than there is room for",
      message(),
      "live" as const,
      known(Array.from({ length: MAX_QUEUED }, (_, at) => prompt("queued", "queued", `other-${at}`))),
    ],
  ])("not %s", (_, row, from, at) => {
    expect(receiptOf(row, from, at)).toBeNull();
  });

  test("too long, it goes back at once, and its words are not kept", () => {
    const text = "x".repeat(MAX_PROMPT_BYTES + 1);
    const receipt = receiptOf(message({ content: { role: "user", content: { type: "text", text } } }), "live", known());
    expect(receipt).toMatchObject({ prompt: { text: "" }, refused: { stage: "failed", failure: { retryable: false } } });
  });
});

describe("taken back", () => {
  test.each([
    ["queued", "queued", { answer: { removed: true }, move: { stage: "canceled", row: "gone" } }],
    // Its row left the hub's queue once: it must hear the end.
    ["queued", "taken", { answer: { removed: true }, move: { stage: "canceled", row: "taken" } }],
    ["canceled", "gone", { answer: { removed: true } }],
    ["unknown", "taken", { answer: { removed: false, indeterminate: true } }],
    ["handing", "queued", "ask"],
    ["handed", "taken", "ask"],
    ["in-transcript", "taken", { answer: { removed: false, consumed: true } }],
    ["started", "taken", { answer: { removed: false, consumed: true } }],
    ["done", "taken", { answer: { removed: false, consumed: true } }],
  ] as const)("%s, its row %s", (stage, row, step) => {
    expect(cancelStep(prompt(stage, row))).toEqual(step);
  });

  test("from the agent: the hub keeps a row that it believes taken, or whose answer came too late", () => {
    expect(givenBack(prompt("handing"), { late: false })).toEqual({ stage: "canceled", row: "gone" });
    expect(givenBack(prompt("handing"), { late: true })).toEqual({ stage: "canceled", row: "taken" });
    expect(givenBack(prompt("handed", "taken"), { late: false })).toEqual({ stage: "canceled", row: "taken" });
    expect(givenBack(prompt("started", "taken"), { late: true })).toBeNull();
  });
});

describe("what the agent or its record says", () => {
  test("goes forward only, and not into what is here alone", () => {
    expect(moveByAgent("handing", "handed")).toEqual({ stage: "handed", failure: undefined });
    expect(moveByAgent("unknown", "started")).toMatchObject({ stage: "started" });
    expect(moveByAgent("started", "handed")).toBeNull();
    expect(moveByAgent("queued", "started")).toBeNull();
    expect(moveByAgent("canceled", "done")).toBeNull();
  });

  test("after a handing that failed", () => {
    expect(afterHanding("present")).toEqual({ stage: "in-transcript" });
    expect(afterHanding("unknown")).toEqual({ stage: "unknown" });
    expect(afterHanding("absent")).toBe("again");
  });

  test("after a crash: only a dead agent's record is the whole truth", () => {
    const at = { found: "absent", agentLives: true, isBusy: false, isLast: false } as const;
    expect(afterLookup("handing", at)).toBeNull();
    expect(afterLookup("handing", { ...at, isLast: true })).toBe("again");
    expect(afterLookup("handing", { ...at, isLast: true, isBusy: true })).toBeNull();
    expect(afterLookup("handed", { ...at, agentLives: false })).toBe("again");
    expect(afterLookup("handed", { ...at, agentLives: false, found: "present" })).toEqual({ stage: "interrupted" });
    expect(afterLookup("handed", { ...at, found: "present" })).toEqual({ stage: "in-transcript" });
    expect(afterLookup("canceled", { ...at, found: "present" })).toBeNull();
  });

  test("what never arrives is handed three times, and not at all where its sender wants it back", () => {
    expect(moveAgain({ wish: "run" }, 2, "why")).toEqual({ stage: "queued" });
    expect(moveAgain({ wish: "run" }, 3, "why")).toMatchObject({ stage: "failed", failure: { message: "why" } });
    expect(moveAgain({ wish: "back" }, 1, "why")).toEqual({ stage: "canceled", row: "taken" });
  });

  test("with an idle agent nothing is left to wait for", () => {
    expect((["handing", "handed", "in-transcript", "started", "queued", "done"] as const).map(settleStep)).toEqual([
      "look",
      "look",
      "done",
      "done",
      null,
      null,
    ]);
  });
});

test("sent again by a person: what is over or uncertain, after the agent's record was asked", () => {
  expect(againStep(prompt("handing"))).toEqual({ accepted: true });
  expect(againStep(prompt("failed", "taken"))).toBe("ask");
  expect(againStep(prompt("unknown", "taken"))).toBe("ask");
  expect(againStep(prompt("done", "taken"))).toEqual({ accepted: false, consumed: true });
});
