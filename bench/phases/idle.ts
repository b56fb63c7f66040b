/** What two hundred connected sessions and fifty readers cost when nothing happens: silent, and with the signs of life of real CLIs. */
import type { CliSocket } from "../lib/cli-socket.ts";
import { startMeter } from "../lib/meter.ts";
import { toHundredths } from "../lib/stats.ts";
import { pause } from "../lib/timing.ts";
import { type Metrics, newNamespace, type Phase } from "./phase.ts";

const sessionCount = 200;
const readerCount = 50;
const connectAtOnce = 25;
/** Every session gives a sign of life each two seconds: ten of the two hundred every 100 ms. */
const beatsAtOnce = 10;
const beatEveryMs = 100;

export const idle: Phase = {
  name: "idle",
  summary: "CPU of 200 sessions with heartbeats and 50 readers",
  limitMs: () => 120_000,
  async run(hub, { quick }) {
    const metrics: Metrics = {};
    const ms = quick ? 4_000 : 10_000;
    await hub.start();
    const client = await hub.client(newNamespace());
    await pause(300);
    metrics["idle.baseMB"] = toHundredths(hub.memoryMb());
    const sessions = await client.createSessions("idle", sessionCount);
    const sockets: CliSocket[] = [];
    for (let at = 0; at < sessionCount; at += connectAtOnce)
      sockets.push(...(await Promise.all(sessions.slice(at, at + connectAtOnce).map((id) => client.socket(id)))));
    // As browsers ask: with gzip. The first one decodes, and so counts the events for all.
    const readers = Array.from({ length: readerCount }, (_, reader) => client.sse({ gzip: reader === 0 ? "inline" : "defer" }));
    await Promise.all(readers.map((one) => one.ready));
    await pause(1_500);
    metrics["idle.rssMB"] = toHundredths(hub.memoryMb());

    const measure = async (name: string): Promise<void> => {
      const sumBytes = (): number => readers.reduce((total, one) => total + one.bytes, 0);
      const [bytes, events] = [sumBytes(), readers[0]!.events];
      const meter = startMeter(hub);
      await pause(ms);
      const { seconds, hubCpuSeconds } = meter();
      metrics[`idle.${name}.cpuPct`] = toHundredths((hubCpuSeconds / seconds) * 100);
      metrics[`idle.${name}.sseKBps`] = toHundredths((sumBytes() - bytes) / 1024 / seconds);
      metrics[`idle.${name}.eventsPerReaderPs`] = toHundredths((readers[0]!.events - events) / seconds);
    };
    await measure("silent");

    let next = 0;
    const beating = setInterval(() => {
      for (let count = 0; count < beatsAtOnce; count++, next = (next + 1) % sessionCount) {
        const alive = { sid: sessions[next], time: Date.now(), thinking: false, mode: "remote", permissionMode: "default", model: null };
        sockets[next]!.emit("session-alive", { ...alive, effort: null });
      }
    }, beatEveryMs);
    await pause(3_000);
    await measure("beat2s");
    clearInterval(beating);
    metrics["idle.beat.rssMB"] = toHundredths(hub.memoryMb());
    for (const one of [...sockets, ...readers]) one.close();
    await hub.stop();
    return metrics;
  },
};
