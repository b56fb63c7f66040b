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
  invokedAt?: number | null;
}

export interface History {
  /** All rows of the session as a client reads them, in order of `seq`. */
  rows: readonly HistoryRow[];
  /** Prompts that were answered with 2xx. */
  accepted: readonly AcceptedPrompt[];
  agent: AgentTruth;
  /** What clients that listened all the time show of this history in the end, in order of `seq`. */
  views?: readonly { who: string; rows: readonly HistoryRow[] }[];
  /** What subscribers were told, per prompt, in order. */
  stages?: ReadonlyMap<string, readonly PromptStage[]>;
  /** Prompts whose end is not expected yet. */
  running?: readonly string[];
}

export interface AcceptedPrompt {
  localId: string;
  text: string;
  /** Taken back, and whoever asked was told so: it must not have run. `unclear`: nobody could tell the sender what became of it. */
  canceled?: boolean | "unclear";
  /** How often a person had it sent again. */
  again?: number;
  /** Its place is by its time, not by its arrival. */
  scheduled?: boolean;
  /** Somebody wanted it in the turn that ran: it may have overtaken others. */
  steered?: boolean;
  /** The hub lost power before it acknowledged it: the session may have had it from there, before what the hub took next. */
  retaken?: boolean;
}

/** The agent's own record: prompts in the order it ran them, and what it said, each with a text that is unique in the test. */
export interface AgentTruth {
  ran: readonly string[];
  said: readonly string[];
  /** Of `said`: what stood in a host that died before anyone had read it. It is shown in its place, cut short, or not at all. */
  unheard?: readonly string[];
  /** Answers that reached the agent, by the request they were given to. */
  answers?: ReadonlyMap<string, readonly unknown[]>;
  /** Can the record always be asked for a prompt, or never? Where it can, `unknown` is never true; where it can't, it always may be. */
  tells?: "always" | "never";
}

export interface Violation {
  kind:
    | "prompt-lost"
    | "prompt-doubled"
    | "prompt-ran-twice"
    | "prompt-ran-after-cancel"
    | "prompt-out-of-order"
    | "prompt-not-run"
    | "approval-doubled"
    | "view-differs"
    | "prompt-not-settled"
    /** Accepted, and for long it waited for nothing that anybody could name. */
    | "prompt-forgotten"
    | "stage-backwards"
    | "stage-untrue"
    | "output-lost"
    | "output-doubled"
    | "output-out-of-order"
    | "event-doubled"
    /** Words or deeds of the agent's that stand in no turn, and a turn that never ends. */
    | "row-outside-turn"
    | "turn-unended"
    /** A request is told otherwise than the agent took it. */
    | "answer-untrue"
    /** Words of a person at the terminal that no agent has, and nobody was told. */
    | "words-lost"
    /** A turn of the terminal that nobody wanted to end was ended. */
    | "turn-broken-off"
    /** Two processes of the agent at once on its conversation. */
    | "agents-together"
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

function checkPrompt(prompt: AcceptedPrompt, history: History, echoes: readonly AgentEvent[]): Violation[] {
  const { localId, text, canceled, again = 0 } = prompt;
  const found: Violation[] = [];
  const rows = history.rows.filter((row) => row.localId === localId);
  const ran = times(history.agent.ran, text);
  const echoed = echoes.filter((event) => event.type === "user-message" && event.localId === localId).length;
  if (ran > 1 + again) found.push({ kind: "prompt-ran-twice", what: `${localId} ran ${ran} times` });
  if (rows.length > 1) found.push({ kind: "prompt-doubled", what: `${localId} has ${rows.length} rows` });
  if (echoed > 1 + again) found.push({ kind: "prompt-doubled", what: `${localId} was read from the record ${echoed} times` });
  if (canceled === true) {
    if (ran > 0) found.push({ kind: "prompt-ran-after-cancel", what: localId });
    return found;
  }
  const row = rows[0];
  if (!row) {
    if (canceled !== "unclear") found.push({ kind: "prompt-lost", what: `${localId} was accepted and has no row` });
    else if (ran > 0) found.push({ kind: "prompt-lost", what: `${localId} ran and has no row` });
    return found;
  }
  if (history.running?.includes(localId)) return found;
  const stage = row.stage ?? "accepted";
  if (!isFinalStage(stage) && stage !== "unknown") found.push({ kind: "prompt-not-settled", what: `${localId} stays at ${stage}` });
  return [...found, ...checkTruth(prompt, stage, ran, history.agent)];
}

/** The record is the truth: it can neither be unknown what it shows, nor done what it does not show. */
function checkTruth({ localId, canceled }: AcceptedPrompt, stage: PromptStage, ran: number, { tells }: AgentTruth): Violation[] {
  const found: Violation[] = [];
  const isUntrue = stage === "unknown" && (tells === undefined ? ran > 0 : tells === "always");
  if (isUntrue) found.push({ kind: "stage-untrue", what: `${localId} ${ran > 0 ? "ran" : "did not run"} and is shown as unknown` });
  if (ran === 0 && stage === "done") found.push({ kind: "stage-untrue", what: `${localId} did not run and is shown as done` });
  // What was taken back after it was shown as handed has no other word.
  if (ran === 0 && stage === "interrupted" && tells === "always" && canceled === undefined)
    found.push({ kind: "prompt-not-run", what: `${localId} never reached the agent and is shown as ${stage}` });
  return found;
}

/** First runs, in the order in which the hub took the prompts. */
function checkOrder({ accepted, rows, agent }: History): Violation[] {
  const places = rows.flatMap((row) => {
    const prompt = row.localId ? accepted.find(({ localId }) => localId === row.localId) : undefined;
    if (!prompt || row.seq === null || prompt.scheduled || prompt.steered || prompt.again || prompt.retaken) return [];
    const place = agent.ran.indexOf(prompt.text);
    return place < 0 ? [] : [{ seq: row.seq, place, localId: prompt.localId }];
  });
  const inOrder = places.toSorted((a, b) => a.seq - b.seq);
  return inOrder.flatMap((one, at): Violation[] => {
    const before = inOrder[at - 1];
    if (!before || before.place < one.place) return [];
    return [{ kind: "prompt-out-of-order", what: `${one.localId} ran before ${before.localId}, which was accepted first` }];
  });
}

function checkAnswers(answers: NonNullable<AgentTruth["answers"]>): Violation[] {
  return [...answers].flatMap(([id, given]): Violation[] =>
    given.length > 1 ? [{ kind: "approval-doubled", what: `${id} was given ${given.length} answers: ${given.join(" and ")}` }] : [],
  );
}

function checkView(who: string, shown: readonly HistoryRow[], rows: readonly HistoryRow[]): Violation[] {
  const words = (row: HistoryRow | undefined): string =>
    JSON.stringify(row && [row.id, row.seq, row.localId, row.stage, row.invokedAt, row.content]);
  const at = rows.findIndex((row, index) => words(row) !== words(shown[index]));
  if (at < 0 && shown.length === rows.length) return [];
  const place = at < 0 ? rows.length : at;
  return [{ kind: "view-differs", what: `${who} shows ${words(shown[place])} where the hub has ${words(rows[place])}` }];
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

function checkOutput({ said, unheard = [] }: AgentTruth, shown: readonly string[]): Violation[] {
  const found: Violation[] = [];
  for (const text of said) {
    const count = times(shown, text);
    if (count === 0 && !unheard.includes(text)) found.push({ kind: "output-lost", what: text });
    if (count > 1) found.push({ kind: "output-doubled", what: `${text} (${count} times)` });
  }
  const misplaced = outOfOrder(shown, said);
  if (misplaced !== null) found.push({ kind: "output-out-of-order", what: misplaced });
  return found;
}

/** Every word and deed of the agent's stands in a turn, and every turn has its end. For agents whose record says all of it. */
export function checkTurns(rows: readonly HistoryRow[]): Violation[] {
  const found: Violation[] = [];
  let open: string | null = null;
  for (const event of rows.flatMap((row) => decodeContent(row.content, { id: row.id }))) {
    if ("parent" in event && event.parent !== undefined) continue;
    if (event.type === "turn-started") {
      if (open !== null) found.push({ kind: "turn-unended", what: `${open} had no end when ${event.id} began` });
      open = event.id;
    }
    if (event.type === "turn-ended") open = null;
    const isWork = event.type === "agent-message" || event.type === "tool-call" || event.type === "tool-result";
    if (isWork && open === null) found.push({ kind: "row-outside-turn", what: `${event.type} ${event.id}` });
  }
  return open === null ? found : [...found, { kind: "turn-unended", what: open }];
}

export function checkHistory(history: History): Violation[] {
  const events = history.rows.flatMap((row) => decodeContent(row.content, { id: row.id }));
  const shown = events.flatMap((event) => (event.type === "agent-message" ? [event.text] : []));
  // Prompt rows hold the sender's own words; what was read back from the agent's record is marked as ours.
  const echoes = history.rows.filter((row) => !row.localId).flatMap((row) => decodeContent(row.content, { id: row.id }));
  return [
    ...checkRows(history.rows, events),
    ...history.accepted.flatMap((prompt) => checkPrompt(prompt, history, echoes)),
    ...checkOrder(history),
    ...checkOutput(history.agent, shown),
    ...(history.agent.answers ? checkAnswers(history.agent.answers) : []),
    ...(history.views ?? []).flatMap(({ who, rows }) => checkView(who, rows, history.rows)),
    ...(history.stages ? checkStages(history.stages) : []),
  ];
}
