/** One reading of a stream by the controller: from an offset on, at most a window ahead of what it has taken, to the last byte. */
import type { Connection } from "@hapi/platform/lean";
import type { StreamState } from "./agent-process.ts";
import { encodeData, encodeJson, frameType } from "./frames.ts";

const windowBytes = 1 << 20;
const dataFrameBytes = 64 << 10;

export class ReadFeed {
  readonly read: number;
  readonly state: StreamState;
  readonly #connection: Connection;
  #cursor: number;
  #taken: number;
  #isOver = false;

  constructor(read: number, state: StreamState, offset: number, connection: Connection) {
    this.read = read;
    this.state = state;
    this.#connection = connection;
    this.#cursor = offset;
    this.#taken = offset;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The controller has consumed everything before `offset`. */
  took(offset: number): void {
    this.#taken = Math.max(this.#taken, Math.min(offset, this.#cursor));
    this.pump();
  }

  pump(): void {
    if (this.#isOver) return;
    const { ring, ended } = this.state;
    if (this.#cursor < ring.start) return this.#finish({ event: "gap", read: this.read, oldest: ring.start });
    while (this.#cursor < ring.end && this.#cursor - this.#taken < windowBytes) {
      const bytes = ring.view(this.#cursor, dataFrameBytes);
      this.#connection.write(encodeData({ read: this.read, offset: this.#cursor, bytes }));
      this.#cursor += bytes.length;
    }
    if (ended && this.#cursor >= ring.end) this.#finish({ event: "eof", read: this.read });
  }

  #finish(message: { event: "gap"; read: number; oldest: number } | { event: "eof"; read: number }): void {
    this.#isOver = true;
    this.#connection.write(encodeJson(frameType.event, message));
  }
}
