/** The smallest client of namespace `/cli`: engine.io 4 over WebSocket, socket.io 5 packets, frames written by hand. */

export interface SocketListeners {
  update?(data: UpdateFrame): void;
  /** Answers with JSON text. */
  rpc?(request: { method: string; params: string }): string;
}

export interface UpdateFrame {
  body?: { t: string; message?: { localId?: string; content?: { content?: { text?: string } } } };
}

const ackLimitMs = 15_000;
const barrierLimitMs = 60_000;

export class CliSocket {
  readonly ready: Promise<void>;
  isClosed = false;
  readonly #socket: WebSocket;
  readonly #listeners: SocketListeners;
  readonly #acks = new Map<number, (value: unknown) => void>();
  #nextAck = 0;

  constructor(url: string, auth: Record<string, unknown>, listeners: SocketListeners = {}) {
    this.#listeners = listeners;
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`);
    this.#socket = socket;
    this.ready = new Promise((resolve, reject) => {
      socket.addEventListener("error", () => reject(new Error("the hub's socket could not be opened")));
      socket.addEventListener("close", () => {
        this.isClosed = true;
        reject(new Error("the hub closed the socket"));
      });
      socket.addEventListener("message", ({ data }) => {
        const packet = String(data);
        if (packet.startsWith("0")) socket.send(`40/cli,${JSON.stringify(auth)}`);
        else if (packet.startsWith("2")) socket.send("3");
        else if (packet.startsWith("40")) resolve();
        else if (packet.startsWith("44")) reject(new Error(`the hub refused the socket: ${packet}`));
        else if (packet.startsWith("42")) this.#event(packet);
        else if (packet.startsWith("43")) this.#acked(packet);
      });
    });
    // Who does not wait for `ready` sees `isClosed`.
    this.ready.catch(() => undefined);
  }

  /** A packet as it goes over the wire. */
  raw(packet: string): void {
    this.#socket.send(packet);
  }

  emit(name: string, data: unknown): void {
    this.#socket.send(`42/cli,${JSON.stringify([name, data])}`);
  }

  /** Sends `body` (what stands between the brackets, made by the caller) and resolves with the first value of its answer. */
  ask(body: string, limitMs = ackLimitMs): Promise<unknown> {
    const id = this.#nextAck++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#acks.delete(id);
        reject(new Error(`no answer to ${body.slice(0, 40)}`));
      }, limitMs);
      this.#acks.set(id, (value) => {
        clearTimeout(timer);
        resolve(value);
      });
      this.#socket.send(`42/cli,${id}[${body}]`);
    });
  }

  call<T>(name: string, data: unknown): Promise<T> {
    return this.ask(`${JSON.stringify(name)},${JSON.stringify(data)}`) as Promise<T>;
  }

  /** A hub handles events in order, so the answer follows all that was sent before. */
  async barrier(): Promise<void> {
    await this.ask('"ping"', barrierLimitMs);
  }

  close(): void {
    this.#socket.close();
  }

  #event(packet: string): void {
    const start = packet.indexOf("[");
    const id = packet.slice(packet.indexOf(",") + 1, start);
    const [name, data] = JSON.parse(packet.slice(start)) as [string, unknown];
    if (name === "update") {
      this.#listeners.update?.(data as UpdateFrame);
      if (id !== "") this.#answer(id, {});
    } else if (name === "rpc-request") {
      this.#answer(id, this.#listeners.rpc?.(data as { method: string; params: string }) ?? "{}");
    }
  }

  #acked(packet: string): void {
    const start = packet.indexOf("[");
    const id = Number(packet.slice(packet.indexOf(",") + 1, start));
    const settle = this.#acks.get(id);
    this.#acks.delete(id);
    settle?.((JSON.parse(packet.slice(start)) as unknown[])[0]);
  }

  #answer(id: string, value: unknown): void {
    this.#socket.send(`43/cli,${id}[${JSON.stringify(value)}]`);
  }
}
