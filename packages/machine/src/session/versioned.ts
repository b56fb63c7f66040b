/**
 * One versioned value at the hub (metadata, agent state), of which this session is the main writer. What is wanted is computed from what the
 * hub has; a stale version is answered with the current value and tried again; nothing is sent when nothing would change.
 */
import { updateVersioned } from "@hapi/client/link";
import { toAppError, type VersionedAck } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { DriverLog } from "@hapi/agents";

const RETRY_AFTER_MS = 1_000;

export interface VersionedValue<T> {
  /** What the hub said it has: at registration, in an update, after a reconnect. */
  seen(version: number, value: T | null): void;
  /** The wanted value may have changed. */
  touch(): void;
  /** Resolves when nothing is left to say, or nobody is there to hear it. */
  settled(): Promise<void>;
  readonly current: T | null;
}

export interface VersionedDeps<T, Field extends string> {
  field: Field;
  wanted(current: T | null): T;
  send(expectedVersion: number, value: T): Promise<VersionedAck<Field>>;
  connected(): boolean;
  clock: Clock;
  log: DriverLog;
}

export function createVersionedValue<T, Field extends string>(deps: VersionedDeps<T, Field>): VersionedValue<T> {
  let version: number | null = null;
  let current: T | null = null;
  let taken: { version: number; said: string } | null = null;
  let dirty = false;
  let running: Promise<void> | null = null;

  async function once(): Promise<void> {
    // A hub may store it in words of its own: what it took from us once, and nobody changed since, is not said again.
    if (version === null || (taken?.version === version && taken.said === JSON.stringify(deps.wanted(current)))) return;
    let said = "";
    const now = await updateVersioned<T>({ version, value: current }, deps.wanted, async (expected, value) => {
      said = JSON.stringify(value);
      const ack = await deps.send(expected, value);
      return ack.result === "error" ? ack : { result: ack.result, version: ack.version, value: ack[deps.field] as T | null };
    });
    version = now.version;
    current = now.value;
    taken = { version, said };
  }

  async function run(): Promise<void> {
    while (dirty && version !== null && deps.connected()) {
      dirty = false;
      try {
        await once();
      } catch (cause) {
        dirty = true;
        deps.log.debug("versioned.update_failed", { field: deps.field, code: toAppError(cause).code, cause });
        deps.clock.setTimer(RETRY_AFTER_MS, start);
        break;
      }
    }
    running = null;
  }

  function start(): void {
    // The changes of one event-loop turn travel as one.
    if (dirty) running ??= Promise.resolve().then(run);
  }

  return {
    get current() {
      return current;
    },
    seen(seenVersion, value) {
      // A hub that went back (restored from an older copy, or killed before its last words were on the disk) has to be told again. So it is
      // after an answer that was overtaken; then the hub corrects us.
      if (version !== null && seenVersion < version) {
        taken = null;
        dirty = true;
      }
      version = seenVersion;
      current = value;
      start();
    },
    touch() {
      dirty = true;
      start();
    },
    async settled() {
      while (running) await running;
    },
  };
}
