/**
 * Two ways of bringing agent output to a hub that may die meanwhile: as existing CLIs do (Socket.IO's own buffer, no acknowledgements), and
 * as our session process does (a key each, kept until acknowledged, all of it sent again in order on each connect).
 */
import { createSessionLink, type SessionLink } from "@hapi/client/link";
import { ignore } from "@hapi/platform";
import { io, type Socket } from "socket.io-client";
import type { HubClient } from "./hub-client.ts";
import { bodyOf, type Mark, messageText } from "./messages.ts";
import { waitFor, within } from "./timing.ts";

const connectLimitMs = 8_000;
/** Like the session process: so many may wait for their acknowledgement. */
const window = 128;

export interface Producer {
  /** Hands over the next message. */
  send(mark: Mark): void;
  /** Waits until nothing more will leave this producer by itself; what is still here then is counted. */
  settle(limitMs: number): Promise<{ unacknowledged: number }>;
  close(): Promise<void>;
}

export async function plainProducer(client: HubClient, sessionId: string): Promise<Producer> {
  const socket: Socket = io(`${client.url}/cli`, {
    auth: { token: client.cliToken, clientType: "session-scoped", sessionId },
    path: "/socket.io/",
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 300,
  });
  await within(new Promise<void>((resolve) => socket.once("connect", resolve)), connectLimitMs, "a session connects");
  return {
    send: (mark) => void socket.emit("message", { sid: sessionId, message: JSON.parse(messageText(mark, bodyOf(1))) as unknown }),
    async settle(limitMs) {
      await waitFor(() => socket.connected, limitMs);
      return { unacknowledged: 0 };
    },
    async close() {
      socket.close();
    },
  };
}

interface Entry {
  key: string;
  content: unknown;
  createdAt: number;
}

export async function linkProducer(client: HubClient, sessionId: string): Promise<Producer> {
  const link: SessionLink = createSessionLink({ hubUrl: client.url, token: client.cliToken, sessionId });
  const kept = new Map<string, Entry>();
  let unsent: string[] = [];
  let underway = 0;
  /** Sends of an earlier connection must not touch the books of this one. */
  let connection = 0;

  async function deliver(entry: Entry, mine: number): Promise<void> {
    underway++;
    const isKept = await link.sendMessage(entry).then(
      () => true,
      () => false,
    );
    if (isKept) kept.delete(entry.key);
    if (mine !== connection) return;
    underway--;
    if (isKept) pump();
  }

  function pump(): void {
    while (link.connected && underway < window && unsent.length > 0) {
      const entry = kept.get(unsent.shift()!);
      if (entry) ignore(deliver(entry, connection), "deliver settles by itself");
    }
  }

  link.on("connected", () => {
    connection++;
    underway = 0;
    unsent = [...kept.keys()];
    pump();
  });
  link.open({});
  if (!(await waitFor(() => link.connected, connectLimitMs))) throw new Error("a session's link could not connect");
  return {
    send(mark) {
      const key = `${mark.tag}-${mark.session}-${mark.index}`;
      kept.set(key, { key, content: JSON.parse(messageText(mark, bodyOf(1))), createdAt: Date.now() });
      unsent.push(key);
      pump();
    },
    async settle(limitMs) {
      await waitFor(() => kept.size === 0, limitMs);
      return { unacknowledged: kept.size };
    },
    close: () => link.close(),
  };
}
