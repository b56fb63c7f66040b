/**
 * A Socket.IO client on its own WebSocket: what every HAPI session and runner is, and the way most of the hub's data comes in. What is sent
 * in one turn goes out in one write.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "@hapi/platform";
import { AppError, MAX_FRAME_BYTES, toAppError } from "@hapi/protocol";
import type { Caller } from "../auth/caller.ts";
import type { ClientSocket, SocketHandler, SocketNamespace } from "./client-socket.ts";
import { decodePacket, encodeAck, encodeConnect, encodeConnectError, encodeDisconnect, encodeEvent, type Packet } from "./packets.ts";
import { maxFrames, maxRefusals, maxUnjoinedChars, pingIntervalMs } from "./room.ts";

/** Engine.IO's usual times: who has not answered a ping when the next one is due is gone. */
const pingTimeoutMs = 20_000;
/** Pings after which a connection that joined no namespace is closed. */
const maxIdlePings = 2;

export interface Wire {
  send(text: string): unknown;
  cork(work: () => void): unknown;
  close(): unknown;
}

export type Namespaces = ReadonlyMap<string, SocketNamespace<unknown>>;

export class WebSocketConnection {
  readonly clock: Clock;
  readonly caller: Caller;
  readonly #namespaces: Namespaces;
  readonly #sockets = new Map<string, NamespaceSocket>();
  readonly #joining = new Set<string>();
  #wire: Wire | null = null;
  #out: string[] = [];
  #awaitsPong = false;
  #idlePings = 0;
  #refusals = 0;
  #frames = 0;
  readonly #closeHandlers: (() => void)[] = [];

  constructor(namespaces: Namespaces, clock: Clock, caller: Caller) {
    this.clock = clock;
    this.caller = caller;
    this.#namespaces = namespaces;
  }

  get hasJoined(): boolean {
    return this.#sockets.size > 0;
  }

  opened(wire: Wire): void {
    this.#wire = wire;
    const facts = {
      sid: randomUUID(),
      upgrades: [],
      pingInterval: pingIntervalMs,
      pingTimeout: pingTimeoutMs,
      maxPayload: MAX_FRAME_BYTES,
    };
    this.send(`0${JSON.stringify(facts)}`);
  }

  /** Every `pingIntervalMs`. */
  ping(): void {
    this.#frames = 0;
    this.#idlePings = this.hasJoined ? 0 : this.#idlePings + 1;
    if (this.#awaitsPong || this.#idlePings > maxIdlePings) {
      this.close();
      return;
    }
    this.#awaitsPong = true;
    this.send("2");
  }

  received(data: string | Uint8Array): void {
    this.#frames += 1;
    const isFlood = this.#frames > maxFrames && !this.caller.isLocal;
    if (typeof data !== "string" || isFlood || (!this.hasJoined && data.length > maxUnjoinedChars)) {
      this.close();
      return;
    }
    switch (data.charCodeAt(0)) {
      case 52: // "4", a message
        this.#receivedPacket(decodePacket(data));
        break;
      case 51: // "3", a pong
        this.#awaitsPong = false;
        break;
      case 50: // "2", a ping: clients of protocol 4 send none but may be asked to
        this.send(`3${data.slice(1)}`);
        break;
      default:
        this.close();
    }
  }

  onClosed(handler: () => void): void {
    this.#closeHandlers.push(handler);
  }

  closed(): void {
    for (const handler of this.#closeHandlers) handler();
    this.#wire = null;
    this.#out = [];
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    for (const socket of sockets) socket.closed();
  }

  send(text: string): void {
    if (this.#wire === null) return;
    if (this.#out.push(text) === 1) queueMicrotask(() => this.#flush());
  }

  close(): void {
    for (const namespace of this.#sockets.keys()) this.send(encodeDisconnect(namespace));
    this.#flush();
    this.#wire?.close();
  }

  #flush(): void {
    const out = this.#out;
    const wire = this.#wire;
    this.#out = [];
    if (wire === null || out.length === 0) return;
    if (out.length === 1) wire.send(out[0] as string);
    else
      wire.cork(() => {
        for (const text of out) wire.send(text);
      });
  }

  #receivedPacket(packet: Packet | null): void {
    if (packet?.type === "connect") {
      this.#join(packet.namespace, packet.auth);
      return;
    }
    const socket = packet && this.#sockets.get(packet.namespace);
    if (!packet || !socket) {
      // Says what no client of this protocol says: it is not one, or it is out of step.
      if (!packet || !this.#joining.has(packet.namespace)) this.close();
      return;
    }
    if (packet.type === "event") socket.heard(packet);
    else if (packet.type === "ack") socket.answered(packet.id, packet.answer);
    else {
      this.#sockets.delete(packet.namespace);
      socket.closed();
    }
  }

  #join(name: string, auth: Record<string, unknown>): void {
    const namespace = this.#namespaces.get(name);
    if (!namespace) {
      this.send(encodeConnectError(name, "Invalid namespace"));
      return;
    }
    if (this.#sockets.has(name) || this.#joining.has(name)) return;
    this.#joining.add(name);
    namespace.authenticate(auth, this.caller).then(
      (identity) => {
        this.#joining.delete(name);
        if (this.#wire === null) return;
        const socket = new NamespaceSocket(this, name);
        this.#sockets.set(name, socket);
        this.send(encodeConnect(name, socket.id));
        namespace.connected(socket, identity);
      },
      (cause: unknown) => {
        this.#joining.delete(name);
        this.send(encodeConnectError(name, toAppError(cause).message));
        this.#refusals += 1;
        if (this.#refusals >= maxRefusals) this.close();
      },
    );
  }
}

interface Question {
  answer(value: unknown): void;
  gone(): void;
}

class NamespaceSocket implements ClientSocket {
  readonly id = randomUUID();
  readonly #connection: WebSocketConnection;
  readonly #namespace: string;
  readonly #handlers = new Map<string, SocketHandler>();
  readonly #questions = new Map<number, Question>();
  readonly #closeHandlers: (() => void)[] = [];
  #other: ((event: string, payload: unknown) => void) | null = null;
  #asked = 0;
  #isClosed = false;

  constructor(connection: WebSocketConnection, namespace: string) {
    this.#connection = connection;
    this.#namespace = namespace;
  }

  emit(event: string, payload: unknown): void {
    if (!this.#isClosed) this.#connection.send(encodeEvent(this.#namespace, null, event, payload));
  }

  request(event: string, payload: unknown, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new AppError("agent_away", "The connection was lost before the answer came"));
      if (this.#isClosed) return gone();
      const id = this.#asked++;
      const cancel = this.#connection.clock.setTimer(timeoutMs, () => {
        this.#questions.delete(id);
        reject(new AppError("rpc_timeout"));
      });
      this.#questions.set(id, {
        answer(value) {
          cancel();
          resolve(value);
        },
        gone() {
          cancel();
          gone();
        },
      });
      this.#connection.send(encodeEvent(this.#namespace, id, event, payload));
    });
  }

  on(event: string, handler: SocketHandler): void {
    this.#handlers.set(event, handler);
  }

  onOther(handler: (event: string, payload: unknown) => void): void {
    this.#other = handler;
  }

  onClose(handler: () => void): void {
    this.#closeHandlers.push(handler);
  }

  close(): void {
    this.#connection.close();
  }

  heard({ id, name, payload, text }: Extract<Packet, { type: "event" }>): void {
    const handler = this.#handlers.get(name);
    if (!handler) {
      this.#other?.(name, payload);
      return;
    }
    const ack =
      id === null
        ? null
        : (answer?: unknown) => {
            if (!this.#isClosed) this.#connection.send(encodeAck(this.#namespace, id, answer));
          };
    handler(payload, ack, text);
  }

  answered(id: number, answer: unknown): void {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    question?.answer(answer);
  }

  closed(): void {
    this.#isClosed = true;
    const questions = [...this.#questions.values()];
    this.#questions.clear();
    for (const question of questions) question.gone();
    for (const handler of this.#closeHandlers) handler();
  }
}
