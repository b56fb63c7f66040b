/** How much of a prompt's stage is worth a person's eyes. */
import type { PromptItem } from "@hapi/core";
import type { IconName } from "../../../ui/icons.tsx";

/** What is `moving` or `settled` shows its mark only: a prompt needs no words beside the answer below it. */
export type PromptTone = "moving" | "settled" | "noted" | "waiting" | "failed";

export function promptTone(stage: PromptItem["stage"]): PromptTone {
  switch (stage) {
    case "sending":
    case "queued":
    case "handed":
      return "moving";
    case "unknown":
      return "waiting";
    case "interrupted":
      return "noted";
    case "failed":
    case "rejected":
      return "failed";
    case "in-transcript":
    case "started":
    case "done":
    case null:
      return "settled";
  }
}

/** One tick: with the hub. Two: with the agent. */
export const STAGE_MARKS = {
  sending: "clock",
  queued: "check",
  handed: "checks",
  "in-transcript": "checks",
  started: "checks",
  done: "checks",
  failed: "warning",
  interrupted: "stop",
  unknown: "question",
  rejected: "warning",
} as const satisfies Record<NonNullable<PromptItem["stage"]>, IconName>;

export type GivenKey = "stage.uptake" | "stage.waitsTurn" | "stage.waitsAnswer" | "stage.stuck" | "stage.away";

/** Why the agent has it and has not begun with it, where that takes longer than a moment. */
export function givenWords({ stage, waiting }: PromptItem): { key: GivenKey; tone: PromptTone; since: number } | null {
  if (!waiting || (stage !== "handed" && stage !== "in-transcript")) return null;
  const { since } = waiting;
  switch (waiting.for) {
    case "uptake":
    case "silence":
      return { key: "stage.uptake", tone: waiting.for === "silence" ? "failed" : "noted", since };
    case "turn":
      return { key: "stage.waitsTurn", tone: "noted", since };
    case "approval":
      return { key: "stage.waitsAnswer", tone: "waiting", since };
    case "nothing":
      return { key: "stage.stuck", tone: "failed", since };
    default:
      return { key: "stage.away", tone: "noted", since };
  }
}

/** A failed turn has its own Retry, which keeps the conversation; only what never ran is sent again. */
export const wantsSendAgain = (item: PromptItem): boolean => item.stage === "unknown" || item.stage === "rejected";

const LONG_LINES = 10;
const LONG_CHARS = 900;

export function isLongPrompt(text: string): boolean {
  return text.length > LONG_CHARS || text.split("\n", LONG_LINES + 1).length > LONG_LINES;
}
