/** Which machines are online, by lease (45 s, renewed by `machine-alive` every 20 s), kept on the disk like those of sessions. */
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import { Signal } from "../events/signal.ts";
import type { MachineStore } from "./store.ts";

export const machineLeaseMs = 45_000;
const tickMs = 5_000;
const writeEveryMs = 15_000;
const maxAgeMs = 10 * 60_000;

export interface MachinePresenceDeps {
  store: MachineStore;
  clock: Clock;
  log: Logger;
}

export class MachinePresence {
  readonly becameOnline = new Signal<[machineId: string]>();
  readonly #deps: MachinePresenceDeps;
  readonly #leases = new Map<string, { activeUntil: number; writtenAt: number }>();
  #stop: () => void = () => undefined;

  constructor(deps: MachinePresenceDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const now = this.#deps.clock.now();
    for (const machine of await this.#deps.store.active())
      // Not what stands on the disk: a clock that was set back would make that hours.
      this.#leases.set(machine.id, { activeUntil: now + machineLeaseMs, writtenAt: now });
    this.#schedule();
  }

  stop(): void {
    this.#stop();
  }

  isOnline(machineId: string): boolean {
    return this.#leases.has(machineId);
  }

  async alive(machineId: string, report: { time: number; health?: unknown }): Promise<void> {
    const now = this.#deps.clock.now();
    if (report.time < now - maxAgeMs) return;
    const known = this.#leases.get(machineId);
    const activeUntil = now + machineLeaseMs;
    const health = report.health === undefined ? {} : { health: report.health };
    if (!known) {
      const lease = { activeUntil, writtenAt: now };
      this.#leases.set(machineId, lease);
      try {
        await this.#deps.store.setActive(machineId, { active: true, activeAt: now, activeUntil, ...health });
      } catch (cause) {
        // Nobody knows of it yet: it comes with its next sign of life.
        if (this.#leases.get(machineId) === lease) this.#leases.delete(machineId);
        throw cause;
      }
      this.becameOnline.tell(machineId);
      return;
    }
    known.activeUntil = activeUntil;
    if (now - known.writtenAt < writeEveryMs) return;
    known.writtenAt = now;
    await this.#deps.store.renewLease(machineId, { activeAt: now, activeUntil, ...health });
  }

  #schedule(): void {
    this.#stop = this.#deps.clock.setTimer(tickMs, () => {
      this.#schedule();
      ignore(
        this.#expire().catch((cause) => this.#deps.log.error("presence.tick_failed", { cause })),
        "said in the log",
      );
    });
  }

  async #expire(): Promise<void> {
    const now = this.#deps.clock.now();
    for (const [id, lease] of this.#leases) {
      if (lease.activeUntil > now) continue;
      this.#leases.delete(id);
      this.#deps.log.info("machine.lease_expired", { machineId: id });
      try {
        await this.#deps.store.setActive(id, { active: false, activeUntil: 0 });
      } catch (cause) {
        // Not written, it stands as online still: its lease runs out once more.
        if (!this.#leases.has(id)) this.#leases.set(id, lease);
        throw cause;
      }
    }
  }
}
