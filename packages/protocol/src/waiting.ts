/** What an accepted prompt waits for. Ours; told to whoever names the capability `waiting`, and in the rows of a page. */
import * as z from "zod/mini";
import { timestamp } from "./primitives.ts";

/**
 * time: its own, planned · machine: to come online · runner: of that machine, to take orders · start: of the session's agent · connection: its
 * session process is away or has not confirmed it · agent: it is being handed over · uptake: the agent has it and has not begun with it; Stop ends
 * that, or the end of the turn it stands behind · silence: the same for minutes, and the agent said nothing of it; a person stops it, or the agent
 * speaks · turn: the one that runs · approval: of that turn ·
 * background: what runs there would end, and a person is asked · keyboard: somebody types in the terminal · terminal: a person holds it ·
 * pause: after a failure, until its time · person: somebody has to do something first (`code` says what stands in the way) · disk: of the hub,
 * which is full · nothing: a fault of HAPI, which it tries to repair.
 */
export const WAITING_FOR = [
  "time",
  "machine",
  "runner",
  "start",
  "connection",
  "agent",
  "uptake",
  "silence",
  "turn",
  "approval",
  "background",
  "keyboard",
  "terminal",
  "pause",
  "person",
  "disk",
  "nothing",
] as const;
export type WaitingFor = (typeof WAITING_FOR)[number];

export const waitingSchema = z.looseObject({
  /** One of `WAITING_FOR`; other words may come. */
  for: z.string(),
  since: timestamp,
  /** When it ends by itself at the latest, where that is known. */
  until: z.optional(timestamp),
  /** Of the error that stands in the way. */
  code: z.optional(z.string()),
});
export type PromptWaiting = z.infer<typeof waitingSchema>;

/** `GET /api/prompts/waiting`. `alarms`: so many prompts waited for nothing since the hub started. */
export const waitingPromptsSchema = z.object({
  prompts: z.array(z.object({ sessionId: z.string(), localId: z.string(), acceptedAt: timestamp, waiting: waitingSchema })),
  alarms: z.number(),
});
export type WaitingPrompts = z.infer<typeof waitingPromptsSchema>;
