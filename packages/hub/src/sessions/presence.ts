/**
 * Which sessions are alive, by lease: `session-alive` renews it, time alone ends it. Leases are on the disk, so a restart of the hub shows
 * sessions as they are and gives them one more lease to come back. Renewals are written together every `writeEveryMs`; only what changes
 * is logged and pushed.
 */
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import type { ClientEvent, Session } from "@hapi/protocol";
import { Signal } from "../events/signal.ts";
import { atRest } from "./chosen.ts";
import type { SessionChange, SessionStore } from "./store.ts";

export const leaseMs = 30_000;
const tickMs = 5_000;
const writeEveryMs = 10_000;
const tellEveryMs = 60_000;
/** For so long a socket whose session was ended is not believed to be alive. A process that refuses to die shows again after it. */
const muteMs = 5_000;
/** Older reports are from another life of the connection (see `LIVE_SIGNS`). */
const maxAgeMs = 10 * 60_000;

interface Presence {
  activeUntil: number;
  activeAt: number;
  writtenAt: number;
  toldAt: number;
}

export interface PresenceDeps {
  store: SessionStore;
  clock: Clock;
  log: Logger;
  /** A person ended it, and it was not started anew since. */
  isStopped(sessionId: string): Promise<boolean>;
}

export class SessionPresence {
  readonly becameActive = new Signal<[sessionId: string]>();
  /** A process of a stopped session shows up. */
  readonly cameThoughStopped = new Signal<[session: Session]>();
  /** The lease ran out without a word. */
  readonly expired = new Signal<[sessionId: string]>();
  readonly #deps: PresenceDeps;
  readonly #leases = new Map<string, Presence>();
  readonly #muted = new Map<string, number>();
  #stop: () => void = () => undefined;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const now = this.#deps.clock.now();
    for (const session of await this.#deps.store.active()) {
      // Not what stands on the disk: a clock that was set back would make that hours.
      this.#leases.set(session.id, { activeUntil: now + leaseMs, activeAt: now, writtenAt: now, toldAt: now });
    }
    this.#schedule();
  }

  stop(): void {
    this.#stop();
  }

  isActive(sessionId: string): boolean {
    return this.#leases.has(sessionId);
  }

  async alive(session: Session, report: ClientEvent<"session-alive">, socketId: string): Promise<void> {
    const now = this.#deps.clock.now();
    if (report.time < now - maxAgeMs || this.#isMuted(socketId)) return;
    const known = this.#leases.get(session.id);
    const change = changeOf(session, report, now);
    const isNew = !known || !session.active;
    if (!isNew && Object.keys(change).length === 0) {
      known.activeUntil = now + leaseMs;
      known.activeAt = now;
      return;
    }
    if (isNew && (await this.#deps.isStopped(session.id))) {
      this.mute(socketId);
      this.cameThoughStopped.tell(session);
      return;
    }
    // It was ended, or said so on another socket, while the row was read.
    if (this.#isMuted(socketId)) return;
    const isFirst = isNew && this.#leases.get(session.id) === known;
    const lease = { activeUntil: now + leaseMs, activeAt: now, writtenAt: now, toldAt: now };
    this.#leases.set(session.id, lease);
    await this.#deps.store.change(session.id, { ...change, active: true, activeAt: now, activeUntil: lease.activeUntil });
    if (isFirst) this.becameActive.tell(session.id);
  }

  /** The process on this socket is ending: other sockets of the session are heard. */
  mute(socketId: string): void {
    this.#muted.set(socketId, this.#deps.clock.now() + muteMs);
  }

  #isMuted(socketId: string): boolean {
    return (this.#muted.get(socketId) ?? 0) > this.#deps.clock.now();
  }

  /** Explicit end. */
  async end(sessionId: string): Promise<void> {
    const lease = this.#leases.get(sessionId);
    this.#leases.delete(sessionId);
    try {
      const session = await this.#deps.store.get(sessionId);
      const rest = session ? atRest(session) : {};
      await this.#deps.store.change(sessionId, { ...rest, active: false, thinking: false, turnStartedAt: null, activeUntil: 0 });
    } catch (cause) {
      // Not written, it stands as active still: its lease runs out once more.
      if (lease && !this.#leases.has(sessionId)) this.#leases.set(sessionId, lease);
      throw cause;
    }
  }

  /** The lease of a merged row counts for the row it was merged into. */
  move(from: string, to: string): void {
    const lease = this.#leases.get(from);
    if (lease) this.#leases.set(to, lease);
    this.#leases.delete(from);
  }

  forget(sessionId: string): void {
    this.#leases.delete(sessionId);
  }

  #schedule(): void {
    this.#stop = this.#deps.clock.setTimer(tickMs, () => {
      this.#schedule();
      ignore(
        this.#tick().catch((cause) => this.#deps.log.error("presence.tick_failed", { cause })),
        "said in the log",
      );
    });
  }

  async #tick(): Promise<void> {
    const now = this.#deps.clock.now();
    for (const [socketId, until] of this.#muted) if (until <= now) this.#muted.delete(socketId);
    const renew: { id: string; lease: Presence }[] = [];
    for (const [id, lease] of this.#leases) {
      if (lease.activeUntil <= now) {
        this.#deps.log.info("session.lease_expired", { sessionId: id });
        await this.end(id);
        this.expired.tell(id);
      } else if (lease.activeAt > lease.writtenAt && now - lease.writtenAt >= writeEveryMs) renew.push({ id, lease });
    }
    await this.#write(renew, now);
  }

  async #write(renew: readonly { id: string; lease: Presence }[], now: number): Promise<void> {
    const quiet: typeof renew = renew.filter(({ lease }) => now - lease.toldAt < tellEveryMs);
    const told: typeof renew = renew.filter(({ lease }) => now - lease.toldAt >= tellEveryMs);
    for (const { lease } of renew) lease.writtenAt = now;
    for (const { lease } of told) lease.toldAt = now;
    const rows = (list: typeof renew) => list.map(({ id, lease }) => ({ id, activeAt: lease.activeAt, activeUntil: lease.activeUntil }));
    if (quiet.length > 0) await this.#deps.store.renewLeases(rows(quiet), false);
    if (told.length > 0) await this.#deps.store.renewLeases(rows(told), true);
  }
}

/** What a report says that differs from what is known. */
function changeOf(session: Session, report: ClientEvent<"session-alive">, now: number): SessionChange {
  const change: SessionChange = {};
  if (report.thinking !== undefined && report.thinking !== session.thinking) {
    change.thinking = report.thinking;
    change.thinkingAt = now;
    change.turnStartedAt = report.thinking ? now : null;
  }
  if (report.permissionMode !== undefined && report.permissionMode !== session.permissionMode)
    change.permissionMode = report.permissionMode;
  if (report.model !== undefined && report.model !== session.model) change.model = report.model;
  if (report.effort !== undefined && report.effort !== session.effort) change.effort = report.effort;
  if (report.modelReasoningEffort !== undefined && report.modelReasoningEffort !== session.modelReasoningEffort)
    change.modelReasoningEffort = report.modelReasoningEffort;
  if (report.serviceTier !== undefined && report.serviceTier !== session.serviceTier) change.serviceTier = report.serviceTier;
  return change;
}
