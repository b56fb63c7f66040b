/**
 * The host's door: takes connections, checks the token before anything else, agrees on a version, and hands the connection to its role.
 * Garbage, silence and a wrong token close the connection and touch nothing else.
 */
import { isSameSecret, type Connection, type ConnectionHandlers } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { createControllerPeer } from "./controller-peer.ts";
import { decodeJson, encodeJson, FrameError, FrameReader, frameType, type Frame } from "./frames.ts";
import type { Host } from "./host.ts";
import { errorFields, protocolVersions, readHello, text, type Fields, type Hello } from "./messages.ts";
import { createViewerPeer } from "./viewer-peer.ts";
import { maxViewers } from "./viewers.ts";

const helloMs = 5_000;
const maxConnections = 64;

/** What a connection is once it has shaken hands. */
export interface Peer {
  frame(frame: Frame): void;
  drained?(): void;
  closed?(): void;
}

export class Door {
  readonly #host: Host;
  readonly #token: string;
  #open = 0;
  #nextNumber = 1;

  constructor(host: Host, token: string) {
    this.#host = host;
    this.#token = token;
  }

  accept(connection: Connection): ConnectionHandlers {
    const reader = new FrameReader();
    let peer: Peer | null = null;
    this.#open++;
    // The connection is not usable until this call has returned.
    if (this.#open > maxConnections) queueMicrotask(() => connection.destroy());
    const cancelHello = this.#host.clock.setTimer(helloMs, () => connection.destroy());
    const take = (frame: Frame) => {
      if (connection.closed) return;
      if (peer) return peer.frame(frame);
      if (frame.type !== frameType.hello) throw new FrameError("the first frame is no hello");
      peer = this.#shakeHands(connection, decodeJson(frame.payload));
      cancelHello();
    };
    return {
      data(bytes) {
        try {
          reader.push(bytes, take);
        } catch (cause) {
          if (!(cause instanceof FrameError)) throw cause;
          connection.destroy();
        }
      },
      drain: () => peer?.drained?.(),
      close: () => {
        this.#open--;
        cancelHello();
        peer?.closed?.();
      },
    };
  }

  #shakeHands(connection: Connection, fields: Fields): Peer {
    const hello = readHello(fields);
    const refusal = this.#refusal(hello);
    if (refusal) {
      connection.write(encodeJson(frameType.refused, errorFields(refusal)));
      connection.end();
      return { frame: () => undefined };
    }
    connection.write(encodeJson(frameType.welcome, this.#host.facts));
    if (hello.role === "controller") return createControllerPeer(this.#host, connection);
    if (hello.role === "viewer") return createViewerPeer(this.#host, connection, hello, this.#nextNumber++);
    return probePeer(this.#host, connection);
  }

  #refusal(hello: Hello): AppError | null {
    if (!isSameSecret(hello.token, this.#token)) return new AppError("invalid_token");
    if (!hello.versions.some((version) => protocolVersions.some((known) => known === version))) return new AppError("protocol_mismatch");
    if (hello.role === "viewer" && this.#host.viewers.infos.length >= maxViewers)
      return new AppError("not_ready", `A session takes ${maxViewers} viewers at most`);
    return null;
  }
}

/** May ask for facts and may end the session; sees and steers nothing else. */
function probePeer(host: Host, connection: Connection): Peer {
  return {
    frame(frame) {
      if (frame.type !== frameType.request) return;
      const fields = decodeJson(frame.payload);
      const reply = (value: object) => connection.write(encodeJson(frameType.reply, { id: fields["id"], ...value }));
      const op = text(fields, "op");
      if (op === "facts") return reply({ ok: true, facts: host.facts });
      if (op !== "shutdown") return reply(errorFields(new AppError("not_supported", `A probe can't ask for "${op}"`)));
      reply({ ok: true });
      void host.end({ exitCode: 0, message: typeof fields["message"] === "string" ? fields["message"] : undefined, askSession: true });
    },
  };
}
