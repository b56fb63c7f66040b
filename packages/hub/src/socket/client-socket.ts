/** What the hub sees of a connected Socket.IO client, whatever carries it. */
import type { Caller } from "../auth/caller.ts";

/**
 * `text`: the JSON of the payload's `message` as it came, when the carrier could cut it out (it holds no raw line break). Who stores it
 * need not write it anew.
 */
export type SocketHandler = (payload: unknown, ack: ((answer?: unknown) => void) | null, text?: string) => void;

/** A connected client of one namespace. */
export interface ClientSocket {
  readonly id: string;
  emit(event: string, payload: unknown): void;
  /** Rejects with `rpc_timeout`, or with `agent_away` as soon as the connection is gone. */
  request(event: string, payload: unknown, timeoutMs: number): Promise<unknown>;
  on(event: string, handler: SocketHandler): void;
  /** Any event without a handler of its own. */
  onOther(handler: (event: string, payload: unknown) => void): void;
  onClose(handler: () => void): void;
  close(): void;
}

export interface SocketNamespace<Identity> {
  /** Throws what the client sees as its connect error. */
  authenticate(auth: Record<string, unknown>, caller: Caller): Promise<Identity>;
  connected(socket: ClientSocket, identity: Identity): void;
}
