/**
 * Local sockets for our own processes: 0600, bytes in and out, no framing. Writing never blocks and never drops: what the kernel does not
 * take is kept and `backlog` says how much that is; the caller decides what to do with a slow peer.
 */
import { chmodSync, rmSync } from "node:fs";
import { attempt } from "./ignore.ts";

export interface Connection {
  /** Bytes accepted but not yet in the kernel. */
  readonly backlog: number;
  readonly closed: boolean;
  /** The bytes are copied when they have to wait. */
  write(bytes: Uint8Array): void;
  /** Takes no more bytes until `resume`: the peer's backlog grows instead of our memory. */
  pause(): void;
  resume(): void;
  /** Closes after the backlog is out. */
  end(): void;
  /** Closes now. */
  destroy(): void;
}

export interface ConnectionHandlers {
  /** The bytes are only valid during the call. */
  data(bytes: Uint8Array): void;
  /** Once, whoever ended it. */
  close(): void;
  /** The backlog is empty again. */
  drain?(): void;
}

export interface UnixListener {
  readonly path: string;
  /** Takes no more connections and removes the path; open connections live on. */
  close(): void;
}

/** The caller makes sure that no living process listens at `path`; what a dead one left there is replaced. */
export function listenUnix(path: string, accept: (connection: Connection) => ConnectionHandlers): UnixListener {
  rmSync(path, { force: true });
  const before = process.umask(0o177);
  try {
    const listener = Bun.listen<Holder>({
      unix: path,
      socket: { ...socketHandlers, open: (socket) => void (socket.data = new Holder(socket, accept)) },
    });
    attempt(() => chmodSync(path, 0o600), "the mask has done it; the folder is private too");
    return {
      path,
      close() {
        listener.stop(false);
        rmSync(path, { force: true });
      },
    };
  } finally {
    process.umask(before);
  }
}

/** Rejects with the system's error (`ECONNREFUSED`, `ENOENT`) when nobody listens. */
export async function connectUnix(path: string, handlers: (connection: Connection) => ConnectionHandlers): Promise<Connection> {
  const socket = await Bun.connect<Holder>({
    unix: path,
    socket: { ...socketHandlers, open: (opened) => void (opened.data = new Holder(opened, handlers)) },
  });
  return socket.data;
}

const socketHandlers = {
  data: (socket: Bun.Socket<Holder>, bytes: Uint8Array) => socket.data.handlers.data(bytes),
  drain: (socket: Bun.Socket<Holder>) => socket.data.flush(),
  close: (socket: Bun.Socket<Holder>) => socket.data.onClose(),
  error: (socket: Bun.Socket<Holder>) => socket.data.destroy(),
};

class Holder implements Connection {
  readonly handlers: ConnectionHandlers;
  readonly #socket: Bun.Socket<Holder>;
  #waiting: Uint8Array[] = [];
  #backlog = 0;
  #closed = false;
  #ending = false;

  constructor(socket: Bun.Socket<Holder>, accept: (connection: Connection) => ConnectionHandlers) {
    this.#socket = socket;
    this.handlers = accept(this);
  }

  get backlog(): number {
    return this.#backlog;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#ending || bytes.length === 0) return;
    const taken = this.#backlog > 0 ? 0 : Math.max(0, this.#socket.write(bytes));
    if (taken === bytes.length) return;
    const rest = bytes.slice(taken);
    this.#waiting.push(rest);
    this.#backlog += rest.length;
  }

  flush(): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0] as Uint8Array;
      const taken = Math.max(0, this.#socket.write(first));
      this.#backlog -= taken;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#ending) this.#socket.end();
    else this.handlers.drain?.();
  }

  pause(): void {
    if (!this.#closed) this.#socket.pause();
  }

  resume(): void {
    if (!this.#closed) this.#socket.resume();
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    if (this.#backlog === 0) this.#socket.end();
  }

  destroy(): void {
    if (!this.#closed) this.#socket.terminate();
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#backlog = 0;
    this.handlers.close();
  }
}
