/** Another client on a session's thread, as Codex's own screen is one. */
import { systemClock } from "@hapi/platform/lean";
import type { DriverEvent } from "../../src/driver.ts";
import { openLink, openSocket, type Heard } from "../../src/codex/link.ts";

export interface Client extends AsyncDisposable {
  readonly threadId: string;
  /** Resolves when no turn runs. */
  readonly idle: Promise<void>;
  readonly heard: Heard[];
  /** What it is asked, or was asked before. */
  asked(method: string): Promise<Heard>;
  request(method: string, params: Record<string, unknown>): Promise<unknown>;
  reply(id: string | number, result: unknown): void;
  said(fits: (message: Heard) => boolean): Promise<Heard>;
}

const ASK_MS = 60_000;

const statusOf = (value: unknown): string => (value as { status?: { type?: string } } | undefined)?.status?.type ?? "";

export async function joinThread(socket: string, events: readonly DriverEvent[]): Promise<Client> {
  const threadId = events.findLast((event) => event.type === "thread")?.threadId ?? "";
  const idle = Promise.withResolvers<void>();
  const heard: Heard[] = [];
  const listeners = new Set<() => void>();
  const link = await openLink(socket, {
    open: openSocket,
    clock: systemClock,
    events: {
      heard(message) {
        heard.push(message);
        if (message.method === "thread/status/changed" && statusOf(message.params) === "idle") idle.resolve();
        for (const listener of listeners) listener();
      },
      garbage: (sample) => heard.push({ method: "garbage", params: sample }),
      closed: () => undefined,
    },
  });
  const request = (method: string, params: Record<string, unknown>) => link.request(method, params, ASK_MS);
  await request("initialize", { clientInfo: { name: "other", title: "Other", version: "1" }, capabilities: { experimentalApi: true } });
  link.notify("initialized");
  const resumed = (await request("thread/resume", { threadId, excludeTurns: true })) as { thread?: { status?: { type?: string } } };
  if (statusOf(resumed.thread) === "idle") idle.resolve();

  function said(fits: (message: Heard) => boolean): Promise<Heard> {
    return new Promise((resolve) => {
      const look = () => {
        const found = heard.find(fits);
        if (!found) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
    });
  }

  return {
    threadId,
    idle: idle.promise,
    heard,
    said,
    asked: (method) => said((message) => message.method === method && message.id !== undefined),
    request: (method, params) => request(method, { threadId, ...params }),
    reply: (id, result) => link.reply(id, result),
    async [Symbol.asyncDispose]() {
      link.close();
      await Promise.resolve();
    },
  };
}
