/** `MachineStore` on SQLite. Machines are few: rows are read each time. */
import type { Sqlite } from "@hapi/platform";
import type { Machine, MachineMetadata, RunnerState } from "@hapi/protocol";
import type { Writer } from "./group-commit.ts";
import type { SqliteEventLog } from "./event-log.ts";
import { parseJson } from "./session-row.ts";
import type { VersionedResult } from "../events/versioned.ts";
import type { MachineStore, NewMachine } from "../machines/store.ts";

interface MachineRow {
  id: string;
  namespace: string;
  created_at: number;
  updated_at: number;
  metadata: string | null;
  metadata_version: number;
  runner_state: string | null;
  runner_state_version: number;
  active: number;
  active_at: number;
  active_until: number;
  health: string | null;
}

export interface MachineStoreDeps {
  db: Sqlite;
  commits: Writer;
  log: SqliteEventLog;
  now: () => number;
}

export class SqliteMachineStore implements MachineStore {
  readonly #deps: MachineStoreDeps;

  constructor(deps: MachineStoreDeps) {
    this.#deps = deps;
  }

  register(input: NewMachine): Promise<{ kind: "ok"; machine: Machine } | { kind: "denied" }> {
    return this.#deps.commits.write(() => {
      const known = this.#row(input.id);
      if (known && known.namespace !== input.namespace) return { kind: "denied" };
      if (known) return { kind: "ok", machine: toMachine(known) };
      const at = this.#deps.now();
      this.#deps.db.run(
        `INSERT INTO machines (id, namespace, created_at, updated_at, metadata, runner_state, active_at) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?3)`,
        input.id,
        input.namespace,
        at,
        input.metadata === null ? null : JSON.stringify(input.metadata),
        input.runnerState === null ? null : JSON.stringify(input.runnerState),
      );
      const machine = toMachine(this.#row(input.id) as MachineRow);
      this.#tell(machine, machine);
      return { kind: "ok", machine };
    });
  }

  async get(id: string): Promise<Machine | null> {
    const row = this.#row(id);
    return row ? toMachine(row) : null;
  }

  async list(namespace: string): Promise<Machine[]> {
    return this.#deps.db.all<MachineRow>("SELECT * FROM machines WHERE namespace = ? ORDER BY created_at, id", namespace).map(toMachine);
  }

  async active(): Promise<{ id: string; activeUntil: number }[]> {
    const rows = this.#deps.db.all<MachineRow>("SELECT * FROM machines WHERE active = 1");
    return rows.map((row) => ({ id: row.id, activeUntil: row.active_until }));
  }

  setActive(id: string, change: { active: boolean; activeAt?: number; activeUntil: number; health?: unknown }): Promise<void> {
    return this.#deps.commits.write(() => {
      const row = this.#row(id);
      if (!row) return;
      const next: MachineRow = {
        ...row,
        active: change.active ? 1 : 0,
        active_at: change.activeAt ?? row.active_at,
        active_until: change.activeUntil,
        health: change.health === undefined ? row.health : JSON.stringify(change.health),
      };
      this.#save(next);
      this.#tell(toMachine(next), { active: change.active, activeAt: next.active_at });
    });
  }

  renewLease(id: string, lease: { activeAt: number; activeUntil: number; health?: unknown }): Promise<void> {
    return this.#deps.commits.write(() => {
      const row = this.#row(id);
      if (!row) return;
      const health = lease.health === undefined ? row.health : JSON.stringify(lease.health);
      this.#save({ ...row, active_at: lease.activeAt, active_until: lease.activeUntil, health });
    });
  }

  updateMetadata(
    id: string,
    expectedVersion: number | null,
    next: (current: MachineMetadata | null) => MachineMetadata | null,
    origin?: string,
  ): Promise<VersionedResult<MachineMetadata | null>> {
    return this.#deps.commits.write(() => {
      const row = this.#row(id);
      if (!row) return { kind: "missing" };
      const current = parseJson<MachineMetadata>(row.metadata);
      const version = row.metadata_version;
      if (expectedVersion !== null && expectedVersion !== version) return { kind: "mismatch", version, value: current };
      const value = next(current);
      const changed = { ...row, metadata: value === null ? null : JSON.stringify(value), metadata_version: version + 1 };
      this.#saveAndTell(changed, origin);
      return { kind: "success", version: version + 1, value };
    });
  }

  updateRunnerState(
    id: string,
    expectedVersion: number,
    next: RunnerState | null,
    origin?: string,
  ): Promise<VersionedResult<RunnerState | null>> {
    return this.#deps.commits.write(() => {
      const row = this.#row(id);
      if (!row) return { kind: "missing" };
      const version = row.runner_state_version;
      if (expectedVersion !== version) return { kind: "mismatch", version, value: parseJson<RunnerState>(row.runner_state) };
      this.#saveAndTell({ ...row, runner_state: next === null ? null : JSON.stringify(next), runner_state_version: version + 1 }, origin);
      return { kind: "success", version: version + 1, value: next };
    });
  }

  #row(id: string): MachineRow | undefined {
    return this.#deps.db.get<MachineRow>("SELECT * FROM machines WHERE id = ?", id);
  }

  #saveAndTell(row: MachineRow, origin?: string): void {
    const next = { ...row, updated_at: this.#deps.now() };
    this.#save(next);
    this.#tell(toMachine(next), toMachine(next), origin);
  }

  #save(row: MachineRow): void {
    this.#deps.db.run(
      `UPDATE machines SET updated_at = ?, metadata = ?, metadata_version = ?, runner_state = ?, runner_state_version = ?, active = ?,
         active_at = ?, active_until = ?, health = ? WHERE id = ?`,
      row.updated_at,
      row.metadata,
      row.metadata_version,
      row.runner_state,
      row.runner_state_version,
      row.active,
      row.active_at,
      row.active_until,
      row.health,
      row.id,
    );
  }

  #tell(machine: Machine, data: Machine | Record<string, unknown>, origin?: string): void {
    this.#deps.log.append({
      namespace: machine.namespace,
      event: { type: "machine-updated", machineId: machine.id, data },
      ...(origin === undefined ? {} : { origin }),
    });
  }
}

function toMachine(row: MachineRow): Machine {
  return {
    id: row.id,
    namespace: row.namespace,
    seq: 0,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    active: row.active === 1,
    activeAt: row.active_at,
    metadata: parseJson<MachineMetadata>(row.metadata),
    metadataVersion: row.metadata_version,
    runnerState: parseJson<RunnerState>(row.runner_state),
    runnerStateVersion: row.runner_state_version,
    ...(row.health === null ? {} : { health: parseJson<Record<string, unknown>>(row.health) ?? {} }),
  };
}
