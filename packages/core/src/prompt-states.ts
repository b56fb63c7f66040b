/**
 * Where a prompt can be, by one set of names from the device it was written on to its end; `docs/prompts.md` says who moves it on, and by what. The
 * wire and existing clients have names of their own for some. They are translated here, and nowhere else.
 */
import type { Message, PromptStage } from "@hapi/protocol";

export const PROMPT_STATES = [
  /** On its device, on its way to the hub; or refused by it, with its text kept. */
  "sending",
  "rejected",
  /** At the hub, for later. */
  "planned",
  /** At the hub, or in its session; no agent has it. */
  "queued",
  /** Marked before the agent gets a byte of it. */
  "handing",
  /** With the agent, and not begun. `in-transcript`: its record shows it. */
  "handed",
  "in-transcript",
  "started",
  "done",
  "failed",
  "interrupted",
  /** Taken back by its sender. */
  "canceled",
  /** Nobody can say whether the agent had it. */
  "unknown",
] as const;
export type PromptState = (typeof PROMPT_STATES)[number];

/** While only its device has it. */
export const DEVICE_STATES = ["sending", "rejected"] as const satisfies readonly PromptState[];
export type DevicePromptState = (typeof DEVICE_STATES)[number];

export const isDeviceState = (state: PromptState): state is DevicePromptState => DEVICE_STATES.some((one) => one === state);

/** In the ledger of its session. */
export type SessionPromptState = Exclude<PromptState, DevicePromptState | "planned">;

/** Told by an agent, or its record. The wire has the same names for these. */
export type AgentPromptState = Exclude<SessionPromptState, "queued" | "handing" | "canceled">;

/** By the hub's row, which is gone once it was taken back, and hears of `handing` nothing. */
export type RowPromptState = "queued" | AgentPromptState;

/**
 * Who has a prompt that is in the hub's queue. `session`: it was sent there, or may have been, and from then on only its session can say that it
 * does not run.
 */
export type PromptHolder = "hub" | "session";

/** The wire's `accepted` is `queued`. */
export const stateOfStage = (stage: PromptStage): RowPromptState => (stage === "accepted" ? "queued" : stage);

/** Null: nobody tells stages for it (another client's, or typed in the terminal). */
export function stateOfRow(row: Pick<Message, "stage" | "deliveryState">): RowPromptState | null {
  const state = row.stage === undefined ? null : stateOfStage(row.stage);
  // Existing clients' word for a row in the queue that a session may have run.
  return row.deliveryState === "indeterminate" && (state === null || state === "queued") ? "unknown" : state;
}

/** Of a row in the hub's queue. */
export function stateInQueue(
  row: Pick<Message, "stage" | "deliveryState" | "scheduledAt">,
  now: number,
): Extract<PromptState, "planned" | "queued" | "unknown"> {
  if (stateOfRow(row) === "unknown") return "unknown";
  return row.scheduledAt != null && row.scheduledAt > now ? "planned" : "queued";
}
