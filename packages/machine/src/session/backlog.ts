/**
 * Canonical events on their way to the hub. An event is durable together with the read offset it moves on, before or after it is sent: its key is
 * made from the agent's record, so the hub drops a repetition. In order, pipelined, kept until the hub has it on disk; without a hub the
 * box fills to its limit and then `room` holds back whoever reads the agent's record.
 */
import { encodeEvent } from "@hapi/core";
import { type AgentEvent, type ErrorCode, noticeWords, toAppError } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { DriverLog } from "@hapi/agents";
import type { Ledger } from "./ledger.ts";
import type { LedgerEntry } from "./ledger-state.ts";
import type { SessionLink } from "@hapi/client/link";

/** In flight at most this many messages or bytes, whichever is first. */
const WINDOW_MESSAGES = 128;
const WINDOW_BYTES = 4 * 1024 * 1024;
/** `room` waits above the first and resumes below the second. */
export const BACKLOG_HIGH_BYTES = 16 * 1024 * 1024;
const BACKLOG_LOW_BYTES = 12 * 1024 * 1024;
const RETRY_AFTER_MS = 1_000;
/** Only what would be refused for ever for the event's own sake is given up; everything else may pass later. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(["invalid_body", "invalid_json", "body_too_large"]);

export interface Backlog {
  add(key: string, event: AgentEvent, options?: { at?: number; checkpoint?: Record<string, unknown> }): void;
  /** Resolves while there is room for more. */
  room(): Promise<void>;
  /** Resolves when everything added before is with the hub; the caller bounds the wait. */
  drained(): Promise<void>;
  readonly size: number;
  close(): void;
}

export interface BacklogDeps {
  ledger: Ledger;
  link: SessionLink;
  clock: Clock;
  log: DriverLog;
  highBytes?: number;
}

export function createBacklog({ ledger, link, clock, log, highBytes = BACKLOG_HIGH_BYTES }: BacklogDeps): Backlog {
  const box = ledger.state.backlog;
  const sizes = new Map<string, number>();
  let bytes = 0;
  for (const entry of box.values()) track(entry.key, entry.content);
  let unsent = [...box.keys()];
  const flying = new Set<string>();
  let flyingBytes = 0;
  /** Sends of an older connection must not touch the books of the present one. */
  let generation = 0;
  let paused = false;
  let closed = false;
  let acked: string[] = [];
  const waiting: (() => void)[] = [];
  const emptied: (() => void)[] = [];
  const lowBytes = Math.min(BACKLOG_LOW_BYTES, highBytes * 0.75);

  function track(key: string, content: unknown): void {
    const size = JSON.stringify(content).length;
    sizes.set(key, size);
    bytes += size;
  }

  function settle(key: string): void {
    bytes -= sizes.get(key) ?? 0;
    sizes.delete(key);
    acked.push(key);
    if (acked.length === 1) queueMicrotask(writeAcked);
  }

  function writeAcked(): void {
    const keys = acked;
    acked = [];
    ledger.write({ k: "acked", keys }).catch((cause: unknown) => log.warn("backlog.ack_not_kept", { cause }));
    if (bytes < lowBytes) for (const go of waiting.splice(0)) go();
    if (box.size === 0) for (const go of emptied.splice(0)) go();
  }

  async function send(key: string, mine: number): Promise<void> {
    const entry = box.get(key);
    if (!entry) return;
    const size = sizes.get(key) ?? 0;
    flying.add(key);
    flyingBytes += size;
    try {
      await link.sendMessage({ key, content: entry.content, createdAt: entry.at });
      settle(key);
    } catch (cause) {
      const error = toAppError(cause);
      if (!HOPELESS.has(error.code)) return retryLater(mine, error.code);
      log.warn("backlog.event_refused", { key, code: error.code });
      settle(key);
      add(`${key}:refused`, {
        type: "notice",
        id: `${key}:refused`,
        level: "warning",
        ...noticeWords("row_refused", { reason: { code: error.code, message: error.message } }),
      });
    } finally {
      if (mine === generation) {
        flying.delete(key);
        flyingBytes -= size;
        pump();
      }
    }
  }

  /** Everything not acked goes again, in order. */
  function restart(): void {
    generation++;
    flying.clear();
    flyingBytes = 0;
    paused = false;
    unsent = [...box.keys()];
    pump();
  }

  function retryLater(mine: number, code: string): void {
    if (mine !== generation || paused || closed) return;
    paused = true;
    log.debug("backlog.send_failed", { code });
    if (link.connected) clock.setTimer(RETRY_AFTER_MS, restart);
  }

  function pump(): void {
    let next = 0;
    while (!paused && !closed && link.connected && next < unsent.length && flying.size < WINDOW_MESSAGES && flyingBytes < WINDOW_BYTES) {
      void send(unsent[next++]!, generation);
    }
    if (next > 0) unsent = unsent.slice(next);
  }

  function add(key: string, event: AgentEvent, options: { at?: number; checkpoint?: Record<string, unknown> } = {}): void {
    const known = box.has(key);
    const entry: LedgerEntry = { k: "out", key, content: encodeEvent(event), at: options.at ?? clock.now(), memory: options.checkpoint };
    if (!known) track(key, entry.content);
    ledger.write(entry).catch((cause: unknown) => log.warn("backlog.event_not_kept", { cause }));
    if (known) return;
    unsent.push(key);
    pump();
  }

  const off = [link.on("connected", restart), link.on("disconnected", () => (paused = true))];
  return {
    add,
    room: () => (bytes < highBytes || closed ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    drained: () => (box.size === 0 ? Promise.resolve() : new Promise((resolve) => emptied.push(resolve))),
    get size() {
      return box.size;
    },
    close() {
      closed = true;
      for (const stop of off) stop();
      for (const go of waiting.splice(0)) go();
    },
  };
}
