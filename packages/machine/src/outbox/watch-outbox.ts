/**
 * The runner's share in delivery: what commands of this machine could not send is sent when the hub is back. A look reads one folder; nothing
 * is asked of anybody while it is empty. A hub that does not answer is asked less and less often.
 */
import type { HubApi } from "@hapi/client";
import { type Clock, ignore, type Logger } from "@hapi/platform";
import { toAppError } from "@hapi/protocol";
import { hasKeptPrompts, type HubTarget } from "./kept-prompts.ts";
import { hubSender, sendKept } from "./send-kept.ts";

const LOOK_EVERY_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

export interface OutboxWatchDeps {
  home: string;
  /** Asked at each look: the hub of this home may come back elsewhere. */
  hub(): HubTarget;
  api(url: string): HubApi;
  clock: Clock;
  log: Logger;
}

export interface OutboxWatch {
  close(): Promise<void>;
}

export function watchOutbox({ home, api, hub, clock, log }: OutboxWatchDeps): OutboxWatch {
  const stopping = new AbortController();
  let sender: { url: string; send: ReturnType<typeof hubSender> } | null = null;
  let failures = 0;
  let cancel: () => void = () => undefined;
  let running: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      if (hasKeptPrompts(home)) await pass();
      else failures = 0;
    } catch (cause) {
      const { code, message } = toAppError(cause);
      failures += 1;
      // Another process sends at the moment.
      if (code !== "timeout") log.warn("outbox.not_sent", { code, reason: message });
    }
    if (!stopping.signal.aborted) cancel = clock.setTimer(Math.min(LOOK_EVERY_MS * 2 ** failures, LONGEST_PAUSE_MS), begin);
  }

  async function pass(): Promise<void> {
    const target = hub();
    if (sender?.url !== target.url) sender = { url: target.url, send: hubSender(api(target.url)) };
    const { sent, rejected, waiting } = await sendKept({ home, target, send: sender.send, clock, signal: stopping.signal });
    for (const { localId, sessionId } of sent) log.info("outbox.sent", { localId, sessionId });
    for (const { localId, sessionId, error } of rejected) log.warn("outbox.refused", { localId, sessionId, code: error?.code });
    if (waiting.length > 0 && failures === 0) log.info("outbox.waiting", { prompts: waiting.length, code: waiting[0]?.error?.code });
    failures = waiting.length > 0 ? failures + 1 : 0;
  }

  function begin(): void {
    running = look();
    ignore(running, "a look says itself what went wrong");
  }
  begin();

  return {
    async close() {
      cancel();
      stopping.abort();
      await running;
      cancel();
    },
  };
}
