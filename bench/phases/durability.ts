/**
 * That what is measured is what ships: an acknowledgement of ours follows a flush of the database's write-ahead log. The hub's own word on
 * its settings is read at each start (`targets/ours.ts`); here its system calls are watched while single messages wait for their answers.
 */
import { statfsSync } from "node:fs";
import { bodyOf, keyedMessage } from "../lib/messages.ts";
import { filesBeingSynced } from "../lib/sync-watch.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext } from "./phase.ts";
import type { HubUnderTest } from "../lib/hub.ts";

const tag = "d";
/** Linux's number for a file system in memory, where a flush takes no time that could be seen. */
const tmpfs = 0x01021994;

export const durability: Phase = {
  name: "durability",
  summary: "our acknowledgements wait for a flush of the write-ahead log (our hub only)",
  limitMs: () => 60_000,
  async run(hub, context): Promise<Metrics> {
    if (!hub.program.hasKeyedAcks) return {};
    await hub.start();
    const client = await hub.client(newNamespace());
    const sessionId = await client.createSession(tag, 0);
    const socket = await client.socket(sessionId);
    const count = context.quick ? 100 : 500;
    let withFlush = 0;
    for (let index = 0; index < count; index++) {
      const acked = socket.ask(keyedMessage(sessionId, { tag, session: 0, index }, bodyOf(1)));
      if (await sawFlush(hub, acked)) withFlush++;
    }
    if (withFlush === 0) complain(hub, context);
    socket.close();
    await hub.stop();
    // How long an acknowledgement takes is not said here: the looking slows it down.
    return { "durability.acks": count, "durability.flushSeen": withFlush };
  },
};

/** Whether the log was seen being flushed before the acknowledgement came. */
async function sawFlush(hub: HubUnderTest, acked: Promise<unknown>): Promise<boolean> {
  let isAcked = false;
  const settled = acked.finally(() => (isAcked = true));
  let hasSeen = false;
  while (!isAcked) {
    hasSeen ||= filesBeingSynced(hub.pid ?? 0)?.some((file) => file.endsWith("-wal")) ?? false;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await settled;
  return hasSeen;
}

function complain(hub: HubUnderTest, context: PhaseContext): void {
  if (filesBeingSynced(hub.pid ?? 0) === null) context.note("this system does not show the system calls of other processes");
  else if (statfsSync(hub.home).type === tmpfs) context.note("the homes are on a file system in memory, where a flush can't be seen");
  else context.violation("durability: no flush of the write-ahead log was seen before any acknowledgement");
}
