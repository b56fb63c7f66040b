/** Prompts from the web to a session: one after the other for latency, sixteen callers at once for throughput. */
import type { CliSocket, UpdateFrame } from "../lib/cli-socket.ts";
import { Http } from "../lib/http.ts";
import type { HubClient } from "../lib/hub-client.ts";
import { startMeter } from "../lib/meter.ts";
import { summarize, toHundredths } from "../lib/stats.ts";
import { now, pause, waitFor } from "../lib/timing.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext, putLatency } from "./phase.ts";

const callersAtOnce = 16;
const warmups = 20;
const betweenMs = 3;

export const prompts: Phase = {
  name: "webcli",
  summary: "prompt → session: latency, and 16 callers at once",
  limitMs: () => 120_000,
  async run(hub, context) {
    const metrics: Metrics = {};
    await hub.start();
    const client = await hub.client(newNamespace());
    const inbox = await openInbox(client, context);

    for (let sent = 0; sent < warmups; sent++) await inbox.post(client.http);
    await waitFor(() => inbox.isEmpty(), 4_000);
    inbox.forgetTimes();
    for (let sent = 0; sent < (context.quick ? 80 : 1_050); sent++) {
      await inbox.post(client.http);
      await pause(betweenMs);
    }
    await waitFor(() => inbox.isEmpty(), 4_000);
    putLatency(metrics, "webcli.seq.ms", summarize(inbox.arrivalMs));
    putLatency(metrics, "webcli.post.ms", summarize(inbox.postMs));
    if (inbox.outOfOrder > 0) context.violation(`webcli: ${inbox.outOfOrder} prompts out of order`);

    inbox.forgetTimes();
    const callers = Array.from({ length: callersAtOnce }, () => new Http(hub.url));
    const count = context.quick ? 400 : 2_000;
    let left = count;
    const meter = startMeter(hub);
    const call = async (http: Http): Promise<void> => {
      while (left-- > 0) await inbox.post(http);
    };
    await Promise.all(callers.map(call));
    const { seconds, hubCpuSeconds } = meter();
    await waitFor(() => inbox.isEmpty(), 4_000);
    metrics["webcli.conc16.perSec"] = toHundredths(count / seconds);
    metrics["webcli.conc16.hubCpuUsPerMsg"] = toHundredths((hubCpuSeconds * 1e6) / count);
    putLatency(metrics, "webcli.conc16.ms", summarize(inbox.arrivalMs));
    if (!inbox.isEmpty() || inbox.doubled > 0) context.violation(`webcli: ${inbox.missing()} prompts lost, ${inbox.doubled} doubled`);
    for (const http of callers) http.close();
    inbox.close();
    await hub.stop();
    return metrics;
  },
};

/** A session that takes each prompt as it comes, and notes when. */
async function openInbox(client: HubClient, context: PhaseContext) {
  const sessionId = await client.createSession("w", 0);
  const postedAt = new Map<string, number>();
  const seen = new Set<string>();
  let last = -1;
  const inbox = {
    arrivalMs: [] as number[],
    postMs: [] as number[],
    doubled: 0,
    outOfOrder: 0,
    missing: () => postedAt.size - seen.size,
    isEmpty: () => seen.size === postedAt.size,
    forgetTimes(): void {
      inbox.arrivalMs.length = 0;
      inbox.postMs.length = 0;
    },
    async post(http: Http): Promise<void> {
      const localId = `l-${postedAt.size}`;
      postedAt.set(localId, now());
      const body = { text: textOf(localId), localId };
      const { status, ms } = await client.api("POST", `/api/sessions/${sessionId}/messages`, { body }, http);
      if (status !== 200) context.violation(`webcli: a prompt was answered with ${status}`);
      inbox.postMs.push(ms);
    },
    close: () => socket.close(),
  };
  const socket: CliSocket = await client.socket(sessionId, { update: ({ body }) => take(body) });
  socket.emit("session-alive", { sid: sessionId, time: Date.now(), thinking: false, mode: "remote" });
  await socket.barrier();
  return inbox;

  function take(body: UpdateFrame["body"]): void {
    const localId = body?.t === "new-message" ? body.message?.localId : undefined;
    const start = localId === undefined ? undefined : postedAt.get(localId);
    if (localId === undefined || start === undefined) return;
    if (seen.has(localId)) {
      inbox.doubled++;
      return;
    }
    seen.add(localId);
    inbox.arrivalMs.push(now() - start);
    const number = Number(localId.split("-")[1]);
    if (number < last) inbox.outOfOrder++;
    last = number;
    if (body?.message?.content?.content?.text !== textOf(localId)) context.violation("webcli: a prompt's text was changed");
    socket.emit("messages-consumed", { sid: sessionId, localIds: [localId] });
  }
}

const textOf = (localId: string): string => `hello ${localId}`;
