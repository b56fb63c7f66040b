/** The session process's connection: its requests, one function each, and the streams it reads. */
import type { Connection } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import type { AgentProcess } from "./agent-process.ts";
import type { Peer } from "./door.ts";
import { decodeInput, decodeJson, encodeJson, encodeViewerKeys, FrameError, frameType, type Frame, type InputFrame } from "./frames.ts";
import type { Controller, Host } from "./host.ts";
import { errorFields, integer, optional, readDisplay, readSpawnSpec, readStream, text, type Fields } from "./messages.ts";
import type { StreamName } from "./port.ts";
import { ReadFeed } from "./read-feed.ts";

const maxReads = 64;
const maxKeysBacklogBytes = 1 << 20;
/** One write, put together from its parts. */
const maxInputBytes = 64 << 20;
const signals: Record<string, NodeJS.Signals> = {
  SIGINT: "SIGINT",
  SIGTERM: "SIGTERM",
  SIGKILL: "SIGKILL",
  SIGHUP: "SIGHUP",
  SIGCONT: "SIGCONT",
  SIGWINCH: "SIGWINCH",
};

export function createControllerPeer(host: Host, connection: Connection): Peer {
  const peer = new ControllerPeer(host, connection);
  host.takeControl(peer);
  return peer;
}

class ControllerPeer implements Peer, Controller {
  readonly #host: Host;
  readonly #connection: Connection;
  readonly #feeds = new Map<number, ReadFeed>();
  #parts: { id: number; bytes: Uint8Array[]; size: number } | null = null;

  constructor(host: Host, connection: Connection) {
    this.#host = host;
    this.#connection = connection;
  }

  frame(frame: Frame): void {
    if (frame.type === frameType.input) return this.#input(decodeInput(frame.payload));
    if (frame.type !== frameType.request) return;
    const fields = decodeJson(frame.payload);
    const id = integer(fields, "id");
    const work = Promise.try(() => this.#request(text(fields, "op"), fields));
    this.#answer(id, work);
  }

  closed(): void {
    this.#feeds.clear();
    this.#parts = null;
    this.#host.leaveControl(this);
  }

  event(message: object): void {
    this.#connection.write(encodeJson(frameType.event, message));
  }

  viewerKeys(viewer: number, bytes: Uint8Array): void {
    // A session process that stands still: what was typed at it meanwhile is worth nothing.
    if (this.#connection.backlog > maxKeysBacklogBytes) return;
    this.#connection.write(encodeViewerKeys({ viewer, bytes }));
  }

  output(process: AgentProcess, stream: StreamName): void {
    const state = process.stream(stream);
    for (const feed of this.#feeds.values()) if (feed.state === state) this.#pump(feed);
  }

  replaced(): void {
    this.event({ event: "replaced" });
    this.#connection.end();
  }

  #answer(id: number, work: Promise<object | void>): void {
    work.then(
      (value) => this.#reply(id, { ok: true, ...value }),
      (cause: unknown) => this.#reply(id, errorFields(cause)),
    );
  }

  #reply(id: number, value: object): void {
    // Number 0 is for what needs no answer.
    if (id > 0 && !this.#connection.closed) this.#connection.write(encodeJson(frameType.reply, { id, ...value }));
  }

  #request(op: string, fields: Fields): object | void | Promise<object | void> {
    switch (op) {
      case "spawn":
        return { process: this.#host.spawn(readSpawnSpec(fields)).facts };
      case "read":
        return this.#read(fields);
      case "took":
        return this.#took(fields);
      case "unread":
        return void this.#feeds.delete(integer(fields, "read"));
      case "release":
        return this.#process(fields).release(readStream(fields), integer(fields, "offset"));
      case "lastInput":
        return { inputId: this.#process(fields).input.lastId };
      case "closeInput":
        return this.#process(fields).closeInput();
      case "resize":
        return void this.#process(fields).resize(integer(fields, "cols"), integer(fields, "rows"));
      case "signal":
        return this.#signal(fields);
      case "display":
        return this.#host.show(readDisplay(fields));
      case "draw":
        return this.#host.viewers.draw(text(fields, "text"), fields["reset"] === true);
      case "shutdown":
        return this.#shutdown(fields);
      case "facts":
        return { facts: this.#host.facts };
      default:
        throw new AppError("not_supported", `This host does not know "${op}"`);
    }
  }

  #read(fields: Fields): void {
    if (this.#feeds.size >= maxReads) throw new AppError("not_ready", `A session process may read ${maxReads} streams at most`);
    const read = integer(fields, "read");
    const state = this.#process(fields).stream(readStream(fields));
    const feed = new ReadFeed(read, state, integer(fields, "offset"), this.#connection);
    this.#feeds.set(read, feed);
    this.#pump(feed);
  }

  #took(fields: Fields): void {
    const feed = this.#feeds.get(integer(fields, "read"));
    feed?.took(integer(fields, "offset"));
    if (feed?.isOver) this.#feeds.delete(feed.read);
  }

  #pump(feed: ReadFeed): void {
    feed.pump();
    if (feed.isOver) this.#feeds.delete(feed.read);
  }

  #signal(fields: Fields): void {
    const name = signals[text(fields, "name")];
    if (!name) throw new AppError("not_supported", "The host does not send this signal");
    this.#process(fields).signal(name);
  }

  #shutdown(fields: Fields): void {
    const exitCode = integer(fields, "exitCode");
    const message = optional(fields, "message", text);
    // The answer goes first.
    setImmediate(() => void this.#host.end({ exitCode, message, askSession: false }));
  }

  #input(frame: InputFrame): void {
    if (this.#parts && this.#parts.id !== frame.id) throw new FrameError("the parts of two inputs are mixed");
    const parts = (this.#parts ??= { id: frame.id, bytes: [], size: 0 });
    parts.size += frame.bytes.length;
    if (parts.size > maxInputBytes) throw new FrameError("an input is too long");
    parts.bytes.push(frame.bytes.slice());
    if (frame.more) return;
    this.#parts = null;
    const bytes = parts.bytes.length === 1 ? (parts.bytes[0] as Uint8Array) : Buffer.concat(parts.bytes);
    const inputId = frame.inputId < 0 ? undefined : frame.inputId;
    this.#answer(
      frame.id,
      Promise.try(() => this.#host.process(frame.process).input.write(bytes, inputId)),
    );
  }

  #process(fields: Fields): AgentProcess {
    return this.#host.process(integer(fields, "process"));
  }
}
