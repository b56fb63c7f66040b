/** Which agent a world has: the program that hosts run, the driver that session processes use, and what of its work is true. */
import type { AgentDriver } from "@hapi/agents";
import type { AgentState } from "@hapi/protocol";
import type { AgentTruth, HistoryRow, Violation } from "@hapi/testkit";
import type { SimHost } from "./host.ts";
import type { ProgramMaker } from "./program.ts";
import type { Chance } from "./random.ts";
import type { Life } from "./time.ts";

export interface SimAgent {
  readonly flavor: string;
  /** Of each session process. */
  readonly env: Readonly<Record<string, string>>;
  /** For one host. */
  program(chance: Chance): ProgramMaker;
  /** For one session process; a host that is gone is null. */
  driver(of: { host: SimHost | null; life: Life; chance: Chance }): AgentDriver;
  readonly truth: Pick<AgentTruth, "ran" | "said" | "answers" | "tells">;
  /** Said under that host, and nowhere kept but in its ring. */
  saidInRing(host: number): readonly string[];
  /** Something is done in its terminal. */
  readonly isAtWork?: boolean;
  /** Launches with a dialog on the screen of its terminal, at which a person sits. Absent: it has none. */
  readonly asking?: ReadonlySet<string>;
  /** Prompts that went into a running turn. */
  readonly steered: number;
  /** What a plain history does not say. */
  check(told: Told): Violation[];
}

/** What the hub shows in the end. */
export interface Told {
  rows: readonly HistoryRow[];
  state: AgentState | null;
  /** It is shown as working. */
  thinking: boolean;
}

/** How an agent behaves in a world. */
export interface Character {
  /** How often a turn asks for permission, and fails. */
  asks: number;
  fails: number;
}
