/** What is true of all that a world's Claudes did, whatever became of their processes. */
import type { AgentTruth } from "@hapi/testkit";

export interface Run {
  uuid: string;
  text: string;
  /** Its line stands in the transcript. */
  recorded: boolean;
  /** The transcript shows that a tool ran. */
  worked: boolean;
  /** It came to its own end. */
  complete: boolean;
}

export interface Said {
  text: string;
  host: number;
  /** It stands in the transcript. */
  recorded: boolean;
}

/** Words of a person at the terminal, as Claude has them. */
export interface Typed {
  readonly text: string;
  /**
   * `waits`: in its queue. `runs`: its turn began. `stands`: it is written down. `refused`: it went back into the input line. `left`: Claude was asked to
   * end before it began. `lost`: Claude was killed before that, or before it was written down.
   */
  how: "waits" | "runs" | "stands" | "refused" | "left" | "lost";
  at: number;
}

export interface ClaudeRecord {
  readonly runs: Run[];
  readonly said: Said[];
  /** What became of each request. Absent: its process was gone before it took an answer. */
  readonly taken: Map<string, "approved" | "denied" | "canceled">;
  /** Turns that ended well, by Claude's own word, and in which it said and did nothing. */
  readonly wordless: Set<string>;
  /** What was entered in the terminal. */
  readonly typed: Typed[];
  /** What stood in the input line when Claude was asked to end. */
  readonly halfTyped: string[];
  /** Turns of the terminal that were running for a while when Claude was asked to end. */
  readonly brokenOff: string[];
  /** Processes that were begun beside another one on their conversation. */
  readonly together: string[];
  /** Which conversation each process has. */
  readonly threads: Map<number, string>;
  /** Process ids of those in the terminal that have something to do. */
  readonly atWork: Set<number>;
  /** Launches with a dialog on their screen. */
  readonly asking: Set<string>;
  turns: number;
  steered: number;
  moves: number;
}

export const newClaudeRecord = (): ClaudeRecord => ({
  runs: [],
  said: [],
  taken: new Map(),
  wordless: new Set(),
  typed: [],
  halfTyped: [],
  brokenOff: [],
  together: [],
  threads: new Map(),
  atWork: new Set(),
  asking: new Set(),
  turns: 0,
  steered: 0,
  moves: 0,
});

/** Two at once branch their conversation without a word. */
export function noteProcess(record: ClaudeRecord, running: ReadonlyMap<number, string>, pid: number, threadId: string): void {
  for (const [other, thread] of record.threads)
    if (thread === threadId && running.has(other)) record.together.push(`process ${pid} beside process ${other} on ${threadId}`);
  record.threads.set(pid, threadId);
}

/** A turn that left nothing behind, or that stands in no record, may be asked again: its prompt ran once. */
export function ranOf({ runs }: ClaudeRecord): AgentTruth["ran"] {
  const isRepeated = ({ text, recorded, worked, complete }: Run, at: number): boolean =>
    (!recorded || (!complete && !worked)) && runs.slice(at + 1).some((later) => later.text === text);
  return runs.filter((run, at) => !isRepeated(run, at)).map(({ text }) => text);
}
