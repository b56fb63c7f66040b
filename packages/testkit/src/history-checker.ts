/**
 * Says what is wrong with a session's history after any amount of killing: compares what was promised to the sender, what the agent's own
 * record says it did, and what the hub shows. An empty answer means: nothing lost, nothing twice, in order, and every stage true.
 */
import { canAdvance, decodeContent, isFinalStage } from "@hapi/core";
import type { AgentEvent, PromptStage } from "@hapi/protocol";

export interface HistoryRow {
  id: string;
  seq: number | null;
  localId?: string | null;
  content: unknown;
  stage?: PromptStage;
}

export interface History {
  /** All rows of the session as a client reads them, in order of `seq`. */
  rows: readonly HistoryRow[];
  /** Prompts that were answered with 2xx; `canceled` ones were taken back and must not have run. */
  accepted: readonly { localId: string; text: string; canceled?: boolean }[];
  /** The agent's own record: prompts in the order it ran them, and what it said, each with a text that is unique in the test. */
  agent: { ran: readonly string[]; said: readonly string[] };
  /** What subscribers were told, per prompt, in order. */
  stages?: ReadonlyMap<string, readonly PromptStage[]>;
  /** Prompts whose end is not expected yet. */
  running?: readonly string[];
}

export interface Violation {
  kind:
    | "prompt-lost"
    | "prompt-doubled"
    | "prompt-ran-twice"
    | "prompt-ran-after-cancel"
    | "prompt-not-settled"
    | "stage-backwards"
    | "stage-untrue"
    | "output-lost"
    | "output-doubled"
    | "output-out-of-order"
    | "event-doubled"
    | "seq-not-increasing";
  what: string;
}

const times = <T>(list: readonly T[], wanted: T): number => list.filter((one) => one === wanted).length;

function duplicates(list: readonly string[]): string[] {
  const seen = new Set<string>();
  return list.filter((one) => seen.size === seen.add(one).size);
}

/** The words in an order that contradicts the record: both lists hold them once. */
function outOfOrder(shown: readonly string[], recorded: readonly string[]): string | null {
  const places = shown.map((text) => recorded.indexOf(text)).filter((place) => place >= 0);
  const at = places.findIndex((place, index) => index > 0 && place < places[index - 1]!);
  return at < 0 ? null : recorded[places[at]!]!;
}

function checkRows(rows: readonly HistoryRow[], events: readonly AgentEvent[]): Violation[] {
  const found: Violation[] = [];
  for (let at = 1; at < rows.length; at++) {
    const [before, after] = [rows[at - 1]!.seq, rows[at]!.seq];
    if (before !== null && after !== null && after <= before) found.push({ kind: "seq-not-increasing", what: `${before}, then ${after}` });
  }
  const ids = events.filter((event) => event.type !== "user-message").map((event) => `${event.type} ${event.id}`);
  for (const id of duplicates(ids)) found.push({ kind: "event-doubled", what: id });
  return found;
}

function checkPrompt(prompt: History["accepted"][number], history: History, echoes: readonly AgentEvent[]): Violation[] {
  const { localId, text, canceled } = prompt;
  const found: Violation[] = [];
  const rows = history.rows.filter((row) => row.localId === localId);
  const ran = times(history.agent.ran, text);
  const echoed = echoes.filter((event) => event.type === "user-message" && event.localId === localId).length;
  if (ran > 1) found.push({ kind: "prompt-ran-twice", what: `${localId} ran ${ran} times` });
  if (rows.length > 1) found.push({ kind: "prompt-doubled", what: `${localId} has ${rows.length} rows` });
  if (echoed > 1) found.push({ kind: "prompt-doubled", what: `${localId} was read from the record ${echoed} times` });
  if (canceled) {
    if (ran > 0) found.push({ kind: "prompt-ran-after-cancel", what: localId });
    return found;
  }
  const row = rows[0];
  if (!row) return [...found, { kind: "prompt-lost", what: `${localId} was accepted and has no row` }];
  if (history.running?.includes(localId)) return found;
  const stage = row.stage ?? "accepted";
  if (!isFinalStage(stage) && stage !== "unknown") found.push({ kind: "prompt-not-settled", what: `${localId} stays at ${stage}` });
  // The record is the truth: it can neither be unknown what it shows, nor done what it does not show.
  if (ran > 0 && stage === "unknown") found.push({ kind: "stage-untrue", what: `${localId} ran and is shown as unknown` });
  if (ran === 0 && stage === "done") found.push({ kind: "stage-untrue", what: `${localId} did not run and is shown as done` });
  return found;
}

function checkStages(stages: ReadonlyMap<string, readonly PromptStage[]>): Violation[] {
  const found: Violation[] = [];
  for (const [localId, list] of stages) {
    for (let at = 1; at < list.length; at++) {
      const [before, after] = [list[at - 1]!, list[at]!];
      // The same word again is how a reconnect sounds.
      if (before !== after && !canAdvance(before, after))
        found.push({ kind: "stage-backwards", what: `${localId}: ${before}, then ${after}` });
    }
  }
  return found;
}

function checkOutput(said: readonly string[], shown: readonly string[]): Violation[] {
  const found: Violation[] = [];
  for (const text of said) {
    const count = times(shown, text);
    if (count === 0) found.push({ kind: "output-lost", what: text });
    if (count > 1) found.push({ kind: "output-doubled", what: `${text} (${count} times)` });
  }
  const misplaced = outOfOrder(shown, said);
  if (misplaced !== null) found.push({ kind: "output-out-of-order", what: misplaced });
  return found;
}

export function checkHistory(history: History): Violation[] {
  const events = history.rows.flatMap((row) => decodeContent(row.content, { id: row.id }));
  const shown = events.flatMap((event) => (event.type === "agent-message" ? [event.text] : []));
  // Prompt rows hold the sender's own words; what was read back from the agent's record is marked as ours.
  const echoes = history.rows.filter((row) => !row.localId).flatMap((row) => decodeContent(row.content, { id: row.id }));
  return [
    ...checkRows(history.rows, events),
    ...history.accepted.flatMap((prompt) => checkPrompt(prompt, history, echoes)),
    ...checkOutput(history.agent.said, shown),
    ...(history.stages ? checkStages(history.stages) : []),
  ];
}
