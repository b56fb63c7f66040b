/** An approval's way: the session asks, a reader sees it, a person approves, the session hears it. */
import { prose } from "../lib/messages.ts";
import { summarize } from "../lib/stats.ts";
import { now, within } from "../lib/timing.ts";
import { type Metrics, newNamespace, type Phase, type PhaseContext, putLatency } from "./phase.ts";
import type { HubUnderTest } from "../lib/hub.ts";

const warmups = 10;
const seenLimitMs = 3_000;

interface VersionedAnswer {
  result: string;
  version: number;
}

export const approvals: Phase = {
  name: "permission",
  summary: "approval round trip",
  limitMs: () => 120_000,
  async run(hub, context) {
    await hub.start();
    const rounds = await openRounds(hub);
    const times = { shown: [] as number[], heard: [] as number[], answered: [] as number[], whole: [] as number[] };
    const count = warmups + (context.quick ? 70 : 1_050);
    for (let number = 0; number < count; number++) {
      const round = await rounds.run(number);
      if (number < warmups) continue;
      times.shown.push(round.shownMs);
      times.heard.push(round.heardMs);
      times.answered.push(round.answeredMs);
      times.whole.push(round.shownMs + round.answeredMs);
    }
    await rounds.checkStale(context);
    rounds.close();
    await hub.stop();
    const metrics: Metrics = {};
    putLatency(metrics, "perm.state2sse.ms", summarize(times.shown));
    putLatency(metrics, "perm.approve2rpc.ms", summarize(times.heard));
    putLatency(metrics, "perm.approvePost.ms", summarize(times.answered));
    putLatency(metrics, "perm.roundtrip.ms", summarize(times.whole));
    return metrics;
  },
};

async function openRounds(hub: HubUnderTest) {
  const client = await hub.client(newNamespace());
  const sessionId = await client.createSession("p", 0);
  const method = `${sessionId}:permission`;
  let heard: { at: number; method: string; params: string } | null = null;
  let wanted: { id: string; seen(at: number): void } | null = null;

  const socket = await client.socket(sessionId, {
    rpc(request) {
      heard = { at: now(), ...request };
      return "{}";
    },
  });
  socket.emit("session-alive", { sid: sessionId, time: Date.now(), thinking: true, mode: "remote" });
  socket.emit("rpc-register", { method });
  await socket.barrier();
  const reader = client.sse({
    onEvent(data) {
      if (!wanted || !data.includes(wanted.id)) return;
      wanted.seen(now());
      wanted = null;
    },
  });
  await reader.ready;
  let version = (await client.api("GET", `/api/sessions/${sessionId}`)).json.session.agentStateVersion as number;

  async function updateState(requests: Record<string, unknown>): Promise<void> {
    const agentState = { controlledByUser: false, requests, completedRequests: {} };
    const answer = await socket.call<VersionedAnswer>("update-state", { sid: sessionId, expectedVersion: version, agentState });
    if (answer.result !== "success") throw new Error(`permission: the state was answered with ${JSON.stringify(answer)}`);
    version = answer.version;
  }

  return {
    async run(number: number) {
      const id = `req-${number}-x`;
      const seen = new Promise<number>((resolve) => (wanted = { id, seen: resolve }));
      const request = { tool: "Bash", arguments: { command: `ls -la ${prose(200, number)}` }, createdAt: Date.now() };
      const start = now();
      await updateState({ [id]: request });
      const shownAt = await within(seen, seenLimitMs, "permission: the reader sees the request");
      const approveAt = now();
      const { status } = await client.api("POST", `/api/sessions/${sessionId}/permissions/${id}/approve`, { body: {} });
      const doneAt = now();
      const said = heard && (JSON.parse(heard.params) as { id?: string; approved?: boolean });
      if (status !== 200 || heard?.method !== method || said?.id !== id || said.approved !== true)
        throw new Error(`permission: the approval was answered with ${status}, the session heard ${JSON.stringify(heard)}`);
      const heardAt = heard.at;
      heard = null;
      await updateState({});
      return { shownMs: shownAt - start, heardMs: heardAt - approveAt, answeredMs: doneAt - approveAt };
    },
    async checkStale(context: PhaseContext): Promise<void> {
      const stale = { sid: sessionId, expectedVersion: version - 1, agentState: {} };
      const answer = await socket.call<VersionedAnswer>("update-state", stale);
      if (answer.result !== "version-mismatch") context.violation("permission: a stale version was accepted");
    },
    close(): void {
      reader.close();
      socket.close();
    },
  };
}
