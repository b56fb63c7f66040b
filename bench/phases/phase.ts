/** What a phase is: one measured area, on hubs it starts itself, in namespaces of its own. */
import type { HubUnderTest } from "../lib/hub.ts";
import { type Summary, toThousandths } from "../lib/stats.ts";

export type Metrics = Record<string, number>;

export interface PhaseContext {
  quick: boolean;
  /** Runs of the crash phase through the link, at each rate, in this round. */
  crashRuns: number;
  /** Between 0 and 1; from the seed that is printed. */
  random(): number;
  /** A rule of correctness was broken: the run fails, however good its figures are. */
  violation(text: string): void;
  /** Worth reading beside the table. */
  note(text: string): void;
}

export interface Phase {
  name: string;
  summary: string;
  /** The phase failed when it takes longer. */
  limitMs(context: Pick<PhaseContext, "quick" | "crashRuns">): number;
  run(hub: HubUnderTest, context: PhaseContext): Promise<Metrics>;
}

let namespaces = 0;

export const newNamespace = (): string => `b${process.pid}x${++namespaces}`;

export function putLatency(metrics: Metrics, name: string, { p50, p99 }: Summary): void {
  metrics[`${name}.p50`] = toThousandths(p50);
  metrics[`${name}.p99`] = toThousandths(p99);
}
