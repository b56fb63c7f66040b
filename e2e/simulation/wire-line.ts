/** What everything on one process's wires shares: its luck, its delays, and who hears when the wires are cut. */
import type { Chance } from "./random.ts";
import type { Endpoint } from "./network.ts";
import type { Life, VirtualTime } from "./time.ts";

/** One request, stream or socket that is open. */
export interface Open {
  cut(): void;
  freeze(): void;
  serverGone(silent: boolean): void;
  clientGone(): void;
}

export interface Line {
  readonly time: VirtualTime;
  readonly luck: Chance;
  /** Of the process at this end. */
  readonly life: Life;
  /** Null: nobody listens. */
  readonly hub: Endpoint | null;
  isBlocked(): boolean;
  happens(probability: number): boolean;
  latency(): number;
  /** Resolves when the process at this end reads (again). */
  reads(): Promise<void>;
  /** In order, however long each takes. */
  channel(): (deliver: () => void) => void;
  /** @returns what ends it */
  track(one: Open): () => void;
  carried(): void;
  gap(): void;
  nextSocket(): string;
}

/** Both ends notice a dead connection by missing pings. */
export const NOTICE_MS = [20_000, 45_000] as const;
export const hung = new TypeError("fetch failed");
