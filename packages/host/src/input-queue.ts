/**
 * Input of one program, written in order and each numbered piece once: a controller that does not know whether its write arrived says it
 * again with the same id. Bounded: a program that does not read makes the writers wait, and in the end refuses them.
 */
import { AppError } from "@hapi/protocol/errors";

const maxPendingBytes = 64 << 20;

export class InputQueue {
  readonly #write: (bytes: Uint8Array) => void | Promise<void>;
  readonly #inFlight = new Map<number, Promise<void>>();
  #tail: Promise<void> = Promise.resolve();
  #pendingBytes = 0;
  #accepted = -1;
  #written = -1;
  #failure: AppError | null = null;

  constructor(write: (bytes: Uint8Array) => void | Promise<void>) {
    this.#write = write;
  }

  /** The highest id that was written; -1 when none was. */
  get lastId(): number {
    return this.#written;
  }

  /** Resolves when the bytes are with the program. */
  write(bytes: Uint8Array, inputId?: number): Promise<void> {
    if (inputId !== undefined && inputId <= this.#written) return Promise.resolve();
    const same = inputId !== undefined && inputId <= this.#accepted ? this.#inFlight.get(inputId) : undefined;
    if (same) return same;
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#pendingBytes + bytes.length > maxPendingBytes)
      return Promise.reject(new AppError("not_ready", "The program does not read its input"));
    this.#pendingBytes += bytes.length;
    const done = this.#then(async () => {
      if (this.#failure) throw this.#failure;
      await this.#write(bytes);
      if (inputId !== undefined) this.#written = inputId;
    }).finally(() => {
      this.#pendingBytes -= bytes.length;
      if (inputId !== undefined) this.#inFlight.delete(inputId);
    });
    if (inputId !== undefined) {
      this.#accepted = inputId;
      this.#inFlight.set(inputId, done);
      // A repeat may ask for it; if none does, nobody else needs to know twice.
      done.catch(() => undefined);
    }
    return done;
  }

  close(end: () => Promise<void>): Promise<void> {
    return this.#then(end);
  }

  fail(cause: AppError): void {
    this.#failure ??= cause;
  }

  #then(work: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}
