/**
 * Requests and answers with the host for the session process, over a connection that is made again when it breaks. What can be repeated
 * without harm is repeated on the new connection; the rest fails with `host_gone` and its caller decides.
 */
import { delay, systemClock, type Clock } from "@hapi/platform/lean";
import { AppError, toAppError } from "@hapi/protocol/errors";
import { decodeJson, encodeInput, encodeJson, frameType, type Frame } from "./frames.ts";
import type { HostAddress } from "./host-files.ts";
import { openLink, type Link } from "./link.ts";
import { replyError, type Fields, type HostFacts } from "./messages.ts";

const reconnectMs = [20, 50, 100, 200, 500, 1_000, 1_000, 1_000];
const inputPartBytes = 256 << 10;
const maxPending = 10_000;

interface Pending {
  send(link: Link): void;
  canRepeat: boolean;
  resolve(fields: Fields): void;
  reject(cause: unknown): void;
}

export interface ControlConnectionHandlers {
  /** Also after a reconnect, before anything is repeated. */
  connected(facts: HostFacts): void;
  frame(frame: Frame): void;
  lost(): void;
}

export class ControlConnection {
  readonly #address: HostAddress;
  readonly #handlers: ControlConnectionHandlers;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #link: Link | null = null;
  #nextId = 1;
  #isOver = false;

  constructor(address: HostAddress, handlers: ControlConnectionHandlers, clock: Clock = systemClock) {
    this.#address = address;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async open(): Promise<HostFacts> {
    const link = await openLink(
      { address: this.#address, role: "controller", clock: this.#clock },
      { frame: (frame) => this.#take(frame), closed: () => void this.#broken() },
    );
    this.#link = link;
    this.#handlers.connected(link.facts);
    for (const pending of this.#pending.values()) pending.send(link);
    return link.facts;
  }

  /** The host answers. `canRepeat`: doing it twice is as good as once. */
  request(op: string, fields: Fields, canRepeat: boolean): Promise<Fields> {
    const id = this.#nextId++;
    return this.#ask(id, canRepeat, (link) => link.connection.write(encodeJson(frameType.request, { id, op, ...fields })));
  }

  /** Nobody waits for it, and on a broken connection it is dropped. */
  tell(op: string, fields: Fields): void {
    this.#link?.connection.write(encodeJson(frameType.request, { id: 0, op, ...fields }));
  }

  async input(process: number, bytes: Uint8Array, inputId: number | undefined): Promise<void> {
    const id = this.#nextId++;
    await this.#ask(id, inputId !== undefined, (link) => {
      for (let at = 0; at === 0 || at < bytes.length; at += inputPartBytes) {
        const part = bytes.subarray(at, at + inputPartBytes);
        const more = at + inputPartBytes < bytes.length;
        link.connection.write(encodeInput({ id, process, inputId: inputId ?? -1, more, bytes: part }));
      }
    });
  }

  /** Leaves; the host goes on. */
  close(): void {
    this.#end();
    this.#link?.connection.end();
    this.#link = null;
  }

  #ask(id: number, canRepeat: boolean, send: (link: Link) => void): Promise<Fields> {
    if (this.#isOver) return Promise.reject(new AppError("host_gone"));
    if (this.#pending.size >= maxPending) return Promise.reject(new AppError("not_ready", "Too many requests wait for the host"));
    if (!this.#link && !canRepeat) return Promise.reject(new AppError("host_gone", "The connection to the host is being made again"));
    return new Promise((resolve, reject) => {
      // What can't be put into a frame throws here and never becomes pending.
      if (this.#link) send(this.#link);
      this.#pending.set(id, { send, canRepeat, resolve, reject });
    });
  }

  #take(frame: Frame): void {
    if (frame.type !== frameType.reply) return this.#handlers.frame(frame);
    const fields = decodeJson(frame.payload);
    const id = Number(fields["id"]);
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (fields["ok"] === true) pending?.resolve(fields);
    else pending?.reject(replyError(fields));
  }

  async #broken(): Promise<void> {
    this.#link = null;
    if (this.#isOver) return;
    for (const [id, pending] of this.#pending) {
      if (pending.canRepeat) continue;
      this.#pending.delete(id);
      pending.reject(new AppError("host_gone", "The connection to the host broke before it answered"));
    }
    for (const pauseMs of reconnectMs) {
      await delay(pauseMs, { clock: this.#clock });
      if (this.#isOver) return;
      try {
        await this.open();
        return;
      } catch (cause) {
        // Nobody at the socket: the host has died, and waiting does not bring it back.
        const isDead = toAppError(cause).code === "host_gone";
        if (isDead) break;
      }
    }
    this.lose();
  }

  /** Another controller has taken over, or the host has died. */
  lose(): void {
    if (this.#isOver) return;
    this.#end();
    this.#handlers.lost();
  }

  #end(): void {
    this.#isOver = true;
    for (const pending of this.#pending.values()) pending.reject(new AppError("host_gone"));
    this.#pending.clear();
  }
}
