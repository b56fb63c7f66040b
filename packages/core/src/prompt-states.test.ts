import { expect, test } from "bun:test";
import { PROMPT_STAGES } from "@hapi/protocol";
import { PROMPT_STATES, stateInQueue, stateOfRow, stateOfStage } from "./prompt-states.ts";

test("every stage of the wire is a state", () => {
  expect(PROMPT_STAGES.map(stateOfStage).filter((state) => !PROMPT_STATES.includes(state))).toEqual([]);
  expect(stateOfStage("accepted")).toBe("queued");
});

test("a row says where its prompt is, by its stage or by an existing client's word", () => {
  expect(stateOfRow({})).toBeNull();
  expect(stateOfRow({ stage: "accepted" })).toBe("queued");
  expect(stateOfRow({ stage: "started" })).toBe("started");
  expect(stateOfRow({ deliveryState: "indeterminate" })).toBe("unknown");
  // The hub's row of a prompt whose session, another client's, tells no stages.
  expect(stateOfRow({ stage: "accepted", deliveryState: "indeterminate" })).toBe("unknown");
});

test("in the hub's queue it is planned until its time comes", () => {
  expect(stateInQueue({ stage: "accepted", scheduledAt: 5 }, 4)).toBe("planned");
  expect(stateInQueue({ stage: "accepted", scheduledAt: 5 }, 5)).toBe("queued");
  expect(stateInQueue({ scheduledAt: null }, 5)).toBe("queued");
  expect(stateInQueue({ stage: "unknown", scheduledAt: 5 }, 4)).toBe("unknown");
});
