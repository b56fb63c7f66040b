/**
 * Requests that wait for a person. Invariants: a request is durable before it is emitted; events about one request go out in order; a closed id
 * stays closed in this process, however often Claude or a hook bridge says it again.
 */
import type { DriverContext } from "../driver.ts";
import { recordElicited } from "./elicited.ts";
import type { Closing } from "./request-fate.ts";
import { type ClosedMark, commitMarks, type OpenRequest, readMark } from "./state.ts";

export interface OpenRequests {
  /** `quiet`: while an old stream is read again nothing is said; `announce` says what is left. */
  open(request: OpenRequest, options?: { quiet?: boolean }): Promise<void>;
  get(id: string): OpenRequest | undefined;
  byControl(controlId: string): OpenRequest | undefined;
  byTool(toolCallId: string): OpenRequest | undefined;
  close(id: string, closing: Closing): void;
  /** Something more is known of an open request; durable when it resolves. */
  update(id: string, more: Partial<Omit<OpenRequest, "request">>): Promise<void>;
  /** Closed lately without the record's word (`certain: false`). */
  doubtful(toolCallId: string): ClosedMark | undefined;
  /** The record speaks after all. */
  amend(id: string, closing: Closing): void;
  closeAll(closing: Closing): void;
  /** How it ended; at once when it is not open. */
  closed(id: string): Promise<Closing | null>;
  announce(): void;
  /** No more can be kept: whoever asks for another must be told so. */
  isFullFor(id: string): boolean;
  readonly all: readonly OpenRequest[];
  /** Resolves when everything said so far went out. */
  settled(): Promise<void>;
}

/** Claude asks one after the other, sub-agents side by side. */
const MAX_OPEN = 100;
const MAX_CLOSED = 500;
/** Closings that are told again after a restart, and those that the record may still correct. */
const MAX_LAST = 20;

/** The call it is about: known when it was asked, or found out later. */
export const callOf = (open: OpenRequest): string | undefined => (open.callId ?? open.request.toolCallId) || undefined;

function closedMark(request: OpenRequest, closing: Closing): ClosedMark {
  const { handed } = request;
  const toolCallId = callOf(request);
  return {
    id: request.request.id,
    closing,
    ...(toolCallId === undefined ? {} : { toolCallId }),
    ...(handed === undefined ? {} : { handed }),
  };
}

export function createOpenRequests(context: DriverContext): OpenRequests {
  const open = new Map<string, OpenRequest>((readMark(context, "claude.open") ?? []).map((one) => [one.request.id, one]));
  let last: ClosedMark[] = readMark(context, "claude.closed") ?? [];
  const closedIds = new Set<string>(last.map((one) => one.id));
  const waiting = new Map<string, ((closing: Closing) => void)[]>();
  let queue: Promise<void> = Promise.resolve();

  function then(work: () => Promise<void> | void): Promise<void> {
    queue = queue.then(work).catch((cause: unknown) => context.log.warn("claude.request_not_kept", { cause }));
    return queue;
  }

  const keep = (): Promise<void> => commitMarks(context, { "claude.open": [...open.values()], "claude.closed": last });

  const tell = ({ id, toolCallId, closing }: ClosedMark): void =>
    context.emit({ type: "request-closed", id, ...closing, ...(toolCallId === undefined ? {} : { toolCallId }) });

  function close(id: string, closing: Closing): void {
    const request = open.get(id);
    if (!request || !open.delete(id)) return;
    const closed = closedMark(request, closing);
    last = [...last, closed].slice(-MAX_LAST);
    closedIds.add(id);
    if (closedIds.size > MAX_CLOSED) closedIds.delete(closedIds.values().next().value as string);
    void then(async () => {
      // Before it is closed on disk: told again after a crash it counts once.
      recordElicited(context, request, closing);
      await keep();
      tell(closed);
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
    byTool: (toolCallId) => [...open.values()].find((one) => callOf(one) === toolCallId),
    close,
    update(id, more) {
      const known = open.get(id);
      if (!known) return queue;
      open.set(id, { ...known, ...more });
      return then(keep);
    },
    doubtful: (toolCallId) => last.find((one) => one.toolCallId === toolCallId && one.closing.certain === false),
    amend(id, closing) {
      const before = last.find((one) => one.id === id);
      if (!before) return;
      const amended = { ...before, closing };
      last = last.map((one) => (one === before ? amended : one));
      void then(async () => {
        await keep();
        tell(amended);
      });
    },
    closeAll(closing) {
      for (const id of [...open.keys()]) close(id, closing);
    },
    closed(id) {
      if (!open.has(id)) return Promise.resolve(null);
      return new Promise((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve]));
    },
    announce() {
      void then(() => {
        // Whoever died between our word and its own hears it again.
        for (const one of last) tell(one);
        for (const one of open.values()) context.emit({ type: "request", request: one.request });
      });
    },
    isFullFor: (id) => open.size >= MAX_OPEN && !open.has(id) && !closedIds.has(id),
    get all() {
      return [...open.values()];
    },
    settled: () => queue,
  };
}
