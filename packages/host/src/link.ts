/** The client's end of a connection to a host: the handshake, then frames. Shared by controller, viewer and probe. */
import { connectUnix, LATE, systemClock, within, type Clock, type Connection } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { decodeJson, encodeJson, FrameReader, frameType, type Frame } from "./frames.ts";
import type { HostAddress } from "./host-files.ts";
import { protocolVersions, replyError, type HostFacts, type Role } from "./messages.ts";

const handshakeMs = 5_000;

export interface LinkHandlers {
  frame(frame: Frame): void;
  closed(): void;
}

export interface Link {
  readonly connection: Connection;
  readonly facts: HostFacts;
}

export interface LinkOptions {
  address: HostAddress;
  role: Role;
  size?: { cols: number; rows: number };
  clock?: Clock;
}

/**
 * Rejects with `host_gone` when nobody answers at the socket, with what the host says when it refuses, and with `protocol_mismatch` when
 * something else answers. `handlers.closed` is only called after success.
 */
export async function openLink(options: LinkOptions, handlers: LinkHandlers): Promise<Link> {
  const { address, role, size, clock = systemClock } = options;
  const welcome = Promise.withResolvers<HostFacts>();
  let isOpen = false;
  const reader = new FrameReader();
  const take = (frame: Frame) => {
    if (isOpen) return handlers.frame(frame);
    if (frame.type === frameType.welcome) {
      isOpen = true;
      welcome.resolve(decodeJson(frame.payload) as unknown as HostFacts);
    } else if (frame.type === frameType.refused) welcome.reject(replyError(decodeJson(frame.payload)));
    else welcome.reject(new AppError("protocol_mismatch"));
  };
  let connection: Connection;
  try {
    connection = await connectUnix(address.socket, (opened) => ({
      data(bytes) {
        try {
          reader.push(bytes, take);
        } catch (cause) {
          welcome.reject(new AppError("protocol_mismatch", undefined, { cause }));
          opened.destroy();
        }
      },
      close() {
        if (isOpen) handlers.closed();
        else welcome.reject(new AppError("host_gone"));
      },
    }));
  } catch (cause) {
    throw new AppError("host_gone", undefined, { cause });
  }
  try {
    connection.write(encodeJson(frameType.hello, { token: address.token, role, versions: protocolVersions, ...size }));
    const facts = await within(clock, handshakeMs, welcome.promise);
    if (facts === LATE) throw new AppError("timeout", "The session's host does not answer");
    return { connection, facts };
  } catch (cause) {
    connection.destroy();
    throw cause;
  }
}
