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

export interface ClaudeRecord {
  readonly runs: Run[];
  readonly said: Said[];
  /** What became of each request. Absent: its process was gone before it took an answer. */
  readonly taken: Map<string, "approved" | "denied" | "canceled">;
  /** Turns that ended well, by Claude's own word, and in which it said and did nothing. */
  readonly wordless: Set<string>;
  turns: number;
  steered: number;
  moves: number;
}

export const newClaudeRecord = (): ClaudeRecord => ({
  runs: [],
  said: [],
  taken: new Map(),
  wordless: new Set(),
  turns: 0,
  steered: 0,
  moves: 0,
});

/** A turn that left nothing behind, or that stands in no record, may be asked again: its prompt ran once. */
export function ranOf({ runs }: ClaudeRecord): AgentTruth["ran"] {
  const isRepeated = ({ text, recorded, worked, complete }: Run, at: number): boolean =>
    (!recorded || (!complete && !worked)) && runs.slice(at + 1).some((later) => later.text === text);
  return runs.filter((run, at) => !isRepeated(run, at)).map(({ text }) => text);
}
