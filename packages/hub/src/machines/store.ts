/** What the hub remembers of machines. Same rules as the session store. */
import type { Machine, MachineMetadata, RunnerState } from "@hapi/protocol";
import type { VersionedResult } from "../events/versioned.ts";

export interface NewMachine {
  id: string;
  namespace: string;
  metadata: MachineMetadata | null;
  runnerState: RunnerState | null;
}

export interface MachineStore {
  /** Get or create; `denied` when the id belongs to another namespace. */
  register(machine: NewMachine): Promise<{ kind: "ok"; machine: Machine } | { kind: "denied" }>;
  get(id: string): Promise<Machine | null>;
  list(namespace: string): Promise<Machine[]>;
  active(): Promise<{ id: string; activeUntil: number }[]>;
  setActive(id: string, change: { active: boolean; activeAt?: number; activeUntil: number; health?: unknown }): Promise<void>;
  renewLease(id: string, lease: { activeAt: number; activeUntil: number; health?: unknown }): Promise<void>;
  updateMetadata(
    id: string,
    expectedVersion: number | null,
    next: (current: MachineMetadata | null) => MachineMetadata | null,
    origin?: string,
  ): Promise<VersionedResult<MachineMetadata | null>>;
  updateRunnerState(
    id: string,
    expectedVersion: number,
    next: RunnerState | null,
    origin?: string,
  ): Promise<VersionedResult<RunnerState | null>>;
}
