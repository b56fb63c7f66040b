/** Reads what is due, each thing once at a time. A failure is told, and then nothing is read until its pause is over. */
import { afterFailure, type Due, type ReadFate } from "@hapi/core";
import { type AppError, toAppError } from "@hapi/protocol";
import { backoffMs, type Clock, type Random } from "./clock.ts";

/** A session is not read while so many other reads are under way. */
const MAX_READS = 6;
const RETRY = { baseMs: 2_000, maxMs: 60_000, jitterMs: 500 };

export interface PumpOptions {
  clock: Clock;
  random: Random;
  /** What is to be read now, in this order. */
  due(): readonly Due[];
  read(due: Due): Promise<unknown>;
  failed(due: Due, error: AppError, fate: ReadFate): void;
  /** Nobody wants an answer any more. */
  isOver(): boolean;
}

export interface Pump {
  /** Starts every read that is due. */
  run(): void;
  /** Without waiting for the end of a pause. */
  again(): void;
  stop(): void;
}

export function createPump({ clock, random, due, read, failed, isOver }: PumpOptions): Pump {
  const reading = new Set<string>();
  let failures = 0;
  let cancelRetry: (() => void) | undefined;

  function once(one: Due): void {
    const key = one.join("\n");
    if (reading.has(key) || (one[0] === "session" && reading.size >= MAX_READS)) return;
    reading.add(key);
    read(one)
      .then(() => {
        failures = 0;
      })
      .catch((cause: unknown) => pause(one, toAppError(cause)))
      .finally(() => {
        reading.delete(key);
        run();
      });
  }

  function pause(one: Due, error: AppError): void {
    if (isOver()) return;
    const fate = afterFailure(one, error.status);
    if (fate !== "gone") failures += 1;
    failed(one, error, fate);
    if (fate !== "later") return;
    cancelRetry?.();
    cancelRetry = clock.setTimer(backoffMs(failures, RETRY, random), again);
  }

  function run(): void {
    if (failures === 0) due().forEach(once);
  }

  function again(): void {
    failures = 0;
    run();
  }

  return { run, again, stop: () => cancelRetry?.() };
}
