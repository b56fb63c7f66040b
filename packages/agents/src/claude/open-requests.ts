/**
 * Requests that wait for a person. Invariants: a request is durable before it is emitted; events about one request go out in order; a closed id
 * stays closed in this process, however often Claude or a hook bridge says it again.
 */
import type { DriverContext, RequestOutcome } from "../driver.ts";
import { commitMarks, type OpenRequest, readMark } from "./state.ts";

export interface Closing {
  outcome: RequestOutcome;
  by: "remote" | "terminal" | "agent";
  reason?: string;
}

export interface OpenRequests {
  /** `quiet`: while an old stream is read again nothing is said; `announce` says what is left. */
  open(request: OpenRequest, options?: { quiet?: boolean }): Promise<void>;
  get(id: string): OpenRequest | undefined;
  byControl(controlId: string): OpenRequest | undefined;
  byTool(toolCallId: string): OpenRequest | undefined;
  close(id: string, closing: Closing): void;
  closeAll(closing: Closing): void;
  /** How it ended; at once when it is not open. */
  closed(id: string): Promise<Closing | null>;
  announce(): void;
  readonly all: readonly OpenRequest[];
  /** Resolves when everything said so far went out. */
  settled(): Promise<void>;
}

/** Claude asks one after the other, sub-agents side by side. */
const MAX_OPEN = 100;
const MAX_CLOSED = 500;

export function createOpenRequests(context: DriverContext): OpenRequests {
  const open = new Map<string, OpenRequest>((readMark(context, "claude.open") ?? []).map((one) => [one.request.id, one]));
  const closedIds = new Set<string>();
  const waiting = new Map<string, ((closing: Closing) => void)[]>();
  let queue: Promise<void> = Promise.resolve();

  function then(work: () => Promise<void> | void): Promise<void> {
    queue = queue.then(work).catch((cause: unknown) => context.log.warn("claude.request_not_kept", { cause: String(cause) }));
    return queue;
  }

  const keep = (): Promise<void> => commitMarks(context, { "claude.open": [...open.values()] });

  function close(id: string, closing: Closing): void {
    if (!open.delete(id)) return;
    closedIds.add(id);
    if (closedIds.size > MAX_CLOSED) closedIds.delete(closedIds.values().next().value as string);
    void then(async () => {
      await keep();
      context.emit({ type: "request-closed", id, ...closing });
    });
    for (const done of waiting.get(id) ?? []) done(closing);
    waiting.delete(id);
  }

  return {
    open(request, options = {}) {
      const { id } = request.request;
      if (closedIds.has(id) || (open.has(id) && options.quiet) || open.size >= MAX_OPEN) return queue;
      open.set(id, request);
      return then(async () => {
        await keep();
        if (!options.quiet) context.emit({ type: "request", request: request.request });
      });
    },
    get: (id) => open.get(id),
    byControl: (controlId) => [...open.values()].find((one) => one.controlId === controlId),
    byTool: (toolCallId) => [...open.values()].find((one) => one.request.toolCallId === toolCallId),
    close,
    closeAll(closing) {
      for (const id of [...open.keys()]) close(id, closing);
    },
    closed(id) {
      if (!open.has(id)) return Promise.resolve(null);
      return new Promise((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve]));
    },
    announce() {
      void then(() => {
        for (const one of open.values()) context.emit({ type: "request", request: one.request });
      });
    },
    get all() {
      return [...open.values()];
    },
    settled: () => queue,
  };
}
