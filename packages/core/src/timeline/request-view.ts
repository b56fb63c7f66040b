/** What waits for a person, as a card shows it. */
import type { NoticeParams, ToolKind } from "@hapi/protocol";

export interface TimelineRequest {
  id: string;
  kind: "permission" | "question" | "plan";
  tool: string;
  toolKind: ToolKind;
  /** Command, path, … ; what `ToolItem.object` would be. */
  object: string;
  input: unknown;
  /** The agent's own sentence. */
  title: string | null;
  /** What "allow for this session" will allow; null: not on offer. */
  sessionScope: string | null;
  /** The same in codes, for the reader's language; empty where the words are the agent's. */
  sessionScopeWords: readonly { code: string; params: NoticeParams }[];
  toolCallId: string | null;
  createdAt: number | null;
  /** Answered, and the agent has not shown yet which answer it took; null: it waits for a person. */
  sent: { what: "allow" | "deny"; at: number } | null;
  /** Permission mode in which it was asked; null: not told. */
  mode: string | null;
  /** For edits: what would change. */
  diffs: readonly ToolDiff[];
  /** For questions: parsed from the input; empty when the shape is not known. */
  questions: readonly TimelineQuestion[];
  /** For plans: markdown. */
  plan: string | null;
  /** Of tool and input as they are here: said again by whoever allows it. Null: its session knows none. */
  digest: string | null;
  /** Part of the input is not here: allowed only with the digest of all of it. */
  shortened: boolean;
}

export interface TimelineQuestion {
  /** Key of the answer in `answers`. */
  id: string;
  header: string | null;
  question: string;
  multiSelect: boolean;
  /** No other words are an answer. */
  isClosed?: true;
  /** None is an answer, too. */
  isOptional?: true;
  options: readonly { label: string; description: string | null }[];
}

export interface ToolDiff {
  path: string;
  /** null: a new file, or the old text is not known. */
  oldText: string | null;
  newText: string;
  /** Number of the first line of each text in the file; absent: the text is the whole file, or nobody said. */
  oldStart?: number;
  newStart?: number;
}
