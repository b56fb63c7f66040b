/**
 * That what is measured is what ships: an acknowledgement of ours follows a flush of the database's write-ahead log. The hub's own word on
 * its settings is read at each start (`targets/ours.ts`); here its system calls are watched while single messages wait for their answers.
 */
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { bodyOf, keyedMessage } from "../lib/messages.ts";
import { filesBeingSynced } from "../lib/sync-watch.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext } from "./phase.ts";
import type { HubUnderTest } from "../lib/hub.ts";

const tag = "d";
/**
 * A look is a sample and misses some. On a busy machine with two cores a hub that waits was seen flushing before 85 to 93 of 100 answers, one
 * that flushes right after it answered before 15 to 27: each message is sent when the flush of the one before it is over.
 */
const leastSeen = 0.5;
/** So many looks without a flush: none is underway. */
const quietLooks = 5;
/** Flushes shorter than this are too short to be seen by chance. */
const shortestSeenMs = 0.1;
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
      await noFlush(hub);
      const acked = socket.ask(keyedMessage(sessionId, { tag, session: 0, index }, bodyOf(1)));
      if (await sawFlush(hub, acked)) withFlush++;
    }
    if (withFlush < count * leastSeen) complain(hub, context, `${withFlush} of ${count}`);
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
    hasSeen ||= isFlushing(hub);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await settled;
  return hasSeen;
}

const isFlushing = (hub: HubUnderTest): boolean => filesBeingSynced(hub.pid ?? 0)?.some((file) => file.endsWith("-wal")) ?? false;

async function noFlush(hub: HubUnderTest): Promise<void> {
  for (let quiet = 0; quiet < quietLooks; quiet = isFlushing(hub) ? 0 : quiet + 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What a flush of one page takes on the disk of the hub's home. */
function flushMs(folder: string): number {
  const path = join(folder, "flush-probe");
  const file = openSync(path, "w");
  const page = new Uint8Array(4_096);
  const times = Array.from({ length: 21 }, () => {
    const begun = performance.now();
    writeSync(file, page, 0, page.length, 0);
    fdatasyncSync(file);
    return performance.now() - begun;
  });
  closeSync(file);
  rmSync(path);
  return times.toSorted((a, b) => a - b)[10] ?? 0;
}

function complain(hub: HubUnderTest, context: PhaseContext, seen: string): void {
  if (filesBeingSynced(hub.pid ?? 0) === null) context.note("this system does not show the system calls of other processes");
  else if (statfsSync(hub.home).type === tmpfs) context.note("the homes are on a file system in memory, where a flush can't be seen");
  else if (flushMs(hub.home) < shortestSeenMs)
    context.note(`flushes are too short here to be seen: before ${seen} acknowledgements one was`);
  else context.violation(`durability: a flush of the write-ahead log was seen before only ${seen} acknowledgements`);
}
