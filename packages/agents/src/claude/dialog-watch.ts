/**
 * Looks what became of the requests that are open in Claude's terminal: the ends of calls from the transcript, Claude's own status, the end of a
 * turn. The shell of `request-fate.ts`; it only gathers and closes.
 */
import { type Clock, delay } from "@hapi/platform/lean";
import type { CallFinder, ToolEnded } from "./call-finder.ts";
import type { Core } from "./core.ts";
import { callOf } from "./open-requests.ts";
import { type Evidence, fateOf } from "./request-fate.ts";
import type { OpenRequest } from "./state.ts";

/** What Claude says of itself, and since when by this machine's clock. */
export type DialogStatus = { status?: string; since?: number };

export interface DialogWatch {
  /** While requests are open. */
  look(): void;
  toolEnded(fact: ToolEnded): void;
  /** Whatever of these is still open when the record is read to its end is over. */
  turnOver(which: (open: OpenRequest) => boolean): void;
  stop(): void;
}

const LOOK_MS = 250;

/** What was seen of each request's dialog. */
function createSeenDialogs(clock: Clock) {
  const shown = new Set<string>();
  /** Their hook found Claude idle: no turn waited any more, or its status lagged. That a turn runs later says nothing of their dialog. */
  const idle = new Set<string>();
  return {
    show: ({ request }: OpenRequest) => void shown.add(request.id),
    forget({ request }: OpenRequest) {
      shown.delete(request.id);
      idle.delete(request.id);
    },
    /** Since when no dialog is up; undefined while one is, and where Claude does not say. A status older than the request may be from before its dialog. */
    goneOf({ request: { id }, openedAt = 0 }: OpenRequest, { status, since }: DialogStatus, others: boolean): Evidence["gone"] {
      if (status === "waiting") shown.add(id);
      if (status === undefined || status === "waiting") return undefined;
      const isOlder = since === undefined || since <= openedAt;
      if (isOlder && status !== "busy") idle.add(id);
      const unseen = !shown.has(id) && (isOlder || idle.has(id));
      const at = since ?? clock.now();
      const forMs = Math.max(0, clock.now() - (unseen ? openedAt : at));
      // `shell`: only something in the background is left, so nothing that was asked runs.
      return { since: at, forMs, busy: status === "busy", others, unseen };
    },
  };
}

export function createDialogWatch(options: { core: Core; finder: CallFinder; status(): DialogStatus }): DialogWatch {
  const { core, finder } = options;
  const { requests, context } = core;
  const dialogs = createSeenDialogs(context.clock);
  let looking = false;
  let stopped = false;

  function settle(open: OpenRequest, seen: Evidence): void {
    const fate = fateOf(open.handed, { ...seen, withdrawn: core.stopping });
    if (fate.state !== "over") return;
    dialogs.forget(open);
    requests.close(open.request.id, fate.closing);
  }

  const goneOf = (open: OpenRequest): Evidence["gone"] => dialogs.goneOf(open, options.status(), requests.all.length > 1);

  async function lookOnce(): Promise<void> {
    const now = options.status();
    if (now.status === "waiting") for (const open of requests.all) dialogs.show(open);
    if (now.status === "waiting" || now.status === undefined) return;
    await core.feed?.sync();
    for (const open of requests.all) {
      const gone = goneOf(open);
      if (gone && !stopped) settle(open, { gone });
    }
  }

  /** A look that fails is not the last: what it could not read may be there at the next. Said once, not four times a second. */
  async function run(): Promise<void> {
    let isFailing = false;
    while (!stopped && requests.all.length > 0) {
      await delay(LOOK_MS, { clock: context.clock });
      try {
        if (!stopped) await lookOnce();
        isFailing = false;
      } catch (cause) {
        if (!isFailing) context.log.warn("claude.dialog_look_failed", { cause });
        isFailing = true;
      }
    }
    // In the same step as the look at what is open: a request that comes now finds nobody looking.
    looking = false;
  }

  function look(): void {
    if (looking || stopped) return;
    looking = true;
    void run();
  }

  /** A dialog of a sub-agent in the background outlives the turn, and stays on the screen. */
  function outlives(open: OpenRequest): boolean {
    const call = callOf(open);
    const isMain = call !== undefined && core.feed?.parser.state.calls[call] !== undefined;
    return !isMain && options.status().status === "waiting";
  }

  async function closeRest(ids: readonly string[]): Promise<void> {
    await core.feed?.sync();
    for (const id of ids) {
      const open = requests.get(id);
      if (open && !stopped && !outlives(open)) settle(open, { over: "turn" });
    }
  }

  return {
    look,
    toolEnded(fact) {
      const { status, verdict, ran } = fact;
      const result = { status, ...(verdict ? { verdict } : {}), ...(ran ? { ran } : {}) };
      const open = finder.requestOf(fact);
      if (open) return settle(open, { result, gone: goneOf(open) });
      const doubtful = requests.doubtful(fact.toolCallId);
      if (!doubtful) return;
      const fate = fateOf(doubtful.handed, { result, withdrawn: core.stopping });
      if (fate.state === "over") requests.amend(doubtful.id, fate.closing);
    },
    turnOver(which) {
      const ids = requests.all.filter(which).map((open) => open.request.id);
      if (ids.length === 0) return;
      closeRest(ids).catch((cause: unknown) => context.log.warn("claude.requests_unsettled", { cause }));
    },
    stop() {
      stopped = true;
    },
  };
}
