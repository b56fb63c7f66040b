/**
 * Moves the session between the terminal and remote control, and hands queued prompts where control is remote. One straight line of moves: what
 * is wanted is kept in `wish`, and every event that could matter asks again whether it may happen now.
 */
import type { DriverLog, Front } from "@hapi/agents";
import { decideHandoff, type HandoffDecision, type HandoffWish } from "@hapi/core";
import type { HostControl } from "@hapi/host";
import { type AgentFailure, toAppError } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { AgentRunner } from "./agent-runner.ts";
import type { Inbox } from "./inbox.ts";
import type { RemoteScreen } from "./remote-screen.ts";

export type HandoffState =
  | { state: "local" | "remote" | "switching" }
  | { state: "draining"; to: Front; waitsFor: "turn" | "keyboard" | "background"; since: number }
  /** A person took the terminal back while prompts waited: these wait until it is given back, or a newer one comes. */
  | { state: "held"; since: number };

export interface HandoffLoop {
  /** Front end the session is in; its agent may be parked. */
  readonly front: Front;
  readonly state: HandoffState;
  /** After a failure nothing is tried before this. */
  readonly pausedUntil: number;
  /** Puts the session where it should be, with its agent running or not. */
  begin(front: Front, options: { startAgent: boolean }): Promise<void>;
  /** Resolves when it happened; `waiting` when it will happen later. */
  want(to: Front, options: { by: "prompt" | "person"; now?: boolean }): Promise<"done" | "waiting">;
  /** Something changed: the queue, the end of a turn, a viewer, a timer. */
  poke(): void;
  /** Runs the agent remotely if it is not. */
  wake(): Promise<void>;
  close(): void;
}

export interface HandoffDeps {
  runner: AgentRunner;
  host: HostControl;
  inbox: Inbox;
  screen: RemoteScreen;
  clock: Clock;
  log: DriverLog;
  /** Where the session was, until it is taken up. */
  initial: Front;
  remoteWhileLocal(): "switch" | "read-only";
  /** How much goes on beside the turn and would end with the agent's process. */
  background(): number;
  /** A failed turn is to be sent again first. */
  isHeld(): boolean;
  /** The front end changed; durable before the other one starts. */
  moved(front: Front): Promise<void>;
  /** The agent could not be started, so many times in a row. */
  startFailed(front: Front, failure: AgentFailure, times: number): void;
  /** Anything visible changed. */
  changed(): void;
}

/** After a failed start the next try waits: a broken agent must not be started in a loop. */
const RESTART_PAUSE_MS = 2_000;
/** Agents tell of the end of a turn; a wait for one does not rest on hearing it. */
const LOOK_AGAIN_MS = 500;

export function createHandoffLoop(deps: HandoffDeps): HandoffLoop {
  const { runner, host, inbox, screen, clock, log } = deps;
  let front: Front = deps.initial;
  let wish: (HandoffWish & { done: ((result: "done" | "waiting") => void)[] }) | null = null;
  let waiting: Extract<HandoffDecision, { kind: "wait" }> | null = null;
  let switching = false;
  let handing = false;
  /** Nothing moves before the session was taken up, and nothing after its end. */
  let open = false;
  let startFailures = 0;
  let lastTypedAt: number | null = null;
  let notBefore = 0;
  /** What waited when a person took the terminal back. */
  let held: { prompts: ReadonlySet<string>; since: number } | null = null;
  let cancelTimer: (() => void) | undefined;

  function failureOf(cause: unknown): AgentFailure {
    const error = toAppError(cause);
    return {
      code: error.code === "internal" ? "unknown" : "agent_exited",
      message: error.message,
      retryable: error.retryable,
      cause: error.code,
    };
  }

  function later(at: number): void {
    cancelTimer?.();
    cancelTimer = clock.setTimer(Math.max(0, at - clock.now()), poke);
  }

  let lastFailure: unknown;

  async function startAgent(to: Front): Promise<boolean> {
    try {
      await runner.ensure(to);
      notBefore = 0;
      startFailures = 0;
      return true;
    } catch (cause) {
      notBefore = clock.now() + RESTART_PAUSE_MS;
      lastFailure = cause;
      log.warn("agent.start_failed", { front: to, cause });
      startFailures++;
      deps.startFailed(to, failureOf(cause), startFailures);
      return false;
    }
  }

  async function move(to: Front, interrupt: boolean): Promise<void> {
    switching = true;
    deps.changed();
    const began = clock.now();
    try {
      await runner.stop({ interrupt });
      front = to;
      await deps.moved(to);
      // The terminal program takes the screen when it is spawned; until then the banner stays.
      if (to === "remote") await screen.show();
      const started = await startAgent(to);
      if (!started && to === "local") {
        front = "remote";
        await deps.moved("remote");
        await screen.show();
      }
      log.info("handoff.done", { to: front, tookMs: clock.now() - began, started });
    } finally {
      switching = false;
      deps.changed();
    }
  }

  /** Until something new is wanted, or nobody sits at the terminal any more. */
  function isHeldByPerson(): boolean {
    if (!held || front !== "local" || inbox.queued === 0) return false;
    const { prompts } = held;
    if (host.viewers().length > 0 && inbox.waiting.every((localId) => prompts.has(localId))) return true;
    held = null;
    return false;
  }

  /** The agent was given a prompt and has not begun: stopped now, it would forget it. */
  function isHanded(): boolean {
    const stage = runner.front === "remote" ? inbox.current?.stage : undefined;
    return stage === "handing" || stage === "handed";
  }

  async function pursue(): Promise<void> {
    if (!wish || switching || !open) return;
    if (wish.to === front) {
      settle("done");
      // Wished to and fro meanwhile: what the first wish held up goes on.
      return handNext();
    }
    const decision = decideHandoff(wish, {
      now: clock.now(),
      running: runner.front,
      busy: runner.busy || isHanded(),
      background: deps.background(),
      lastTypedAt,
    });
    if (decision.kind === "drop") {
      settle("done");
      deps.changed();
      return poke();
    }
    if (decision.kind === "wait") {
      const news = waiting?.for !== decision.for;
      waiting = decision;
      later(decision.checkAt ?? clock.now() + LOOK_AGAIN_MS);
      if (news) deps.changed();
      return settle("waiting", true);
    }
    const mine = wish;
    waiting = null;
    await move(mine.to, decision.interrupt);
    // A slow start of the terminal program must not use up the time in which nothing takes it away again.
    if (mine.by === "person" && front === "local") lastTypedAt = clock.now();
    // Meanwhile something else may have been wanted: that stands.
    if (wish === mine) settle("done");
    poke();
  }

  function settle(result: "done" | "waiting", keepWish = false): void {
    const heard = wish?.done.splice(0) ?? [];
    if (!keepWish) {
      wish = null;
      waiting = null;
    }
    for (const done of heard) done(result);
  }

  async function handNext(): Promise<void> {
    if (handing || switching || !open || deps.isHeld()) return;
    const prompt = inbox.next;
    if (!prompt) return;
    if (clock.now() < notBefore) return later(notBefore);
    if (front === "local") {
      if (isHeldByPerson()) return deps.changed();
      if (runner.front === "local" && deps.remoteWhileLocal() === "read-only") return;
      if (!wish) wish = { to: "remote", since: clock.now(), by: "prompt", now: false, done: [] };
      return pursue();
    }
    if (runner.front !== null && runner.busy) return;
    handing = true;
    try {
      if (runner.front === "remote" || (await startAgent("remote"))) await inbox.hand(prompt, { isHeld: deps.isHeld });
      else later(notBefore);
    } finally {
      handing = false;
    }
    poke();
  }

  function poke(): void {
    if (!open) return;
    (wish ? pursue() : handNext()).catch((cause: unknown) => {
      log.warn("handoff.failed", { cause });
      settle("done");
      // Nothing else may happen that asks again, and the queue would wait for it for ever.
      notBefore = clock.now() + RESTART_PAUSE_MS;
      later(notBefore);
    });
  }

  const off = [
    host.on("viewerTyped", (at, typed) => {
      lastTypedAt = at;
      if (typed) runner.conversation.typed?.(typed);
    }),
    host.on("viewers", poke),
  ];

  return {
    get front() {
      return front;
    },
    get state(): HandoffState {
      if (switching) return { state: "switching" };
      if (wish && waiting) return { state: "draining", to: wish.to, waitsFor: waiting.for, since: wish.since };
      return held && isHeldByPerson() ? { state: "held", since: held.since } : { state: front };
    },
    get pausedUntil() {
      return notBefore;
    },
    async begin(to, options) {
      front = to;
      if (to === "remote") await screen.show();
      if (options.startAgent && !(await startAgent(to)) && to === "local") throw toAppError(lastFailure);
      open = true;
    },
    want(to, options) {
      if (!wish || wish.to !== to) {
        settle("done");
        wish = { to, since: clock.now(), by: options.by, now: options.now ?? false, done: [] };
      }
      wish.now ||= options.now ?? false;
      if (options.by === "person") wish.by = "person";
      // Whoever asks for the terminal sits at its keyboard: prompts in the queue don't take it away again at once.
      if (options.by === "person" && to === "local") lastTypedAt = clock.now();
      if (options.by === "person") held = to === "local" ? { prompts: new Set(inbox.waiting), since: clock.now() } : null;
      const { done } = wish;
      return new Promise((resolve) => {
        done.push(resolve);
        poke();
      });
    },
    poke,
    async wake() {
      if (front === "remote" && runner.front === null && !(await startAgent("remote"))) throw toAppError(lastFailure);
    },
    close() {
      open = false;
      cancelTimer?.();
      for (const stop of off) stop();
      settle("done");
    },
  };
}
