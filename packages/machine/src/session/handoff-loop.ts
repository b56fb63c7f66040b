/**
 * Moves the session between the terminal and remote control, and hands queued prompts where control is remote. What is wanted is kept in
 * `Control`; every event that could matter asks `nextStep` again, and this takes the step. An agent that shares its thread (`isShared`) is never
 * moved: its front is always remote, and its own screen opens beside that.
 */
import type { Front } from "@hapi/agents";
import type { HostControl } from "@hapi/host";
import { toAppError } from "@hapi/protocol";
import { type AgentStartDeps, createAgentStarts, RESTART_PAUSE_MS } from "./agent-starts.ts";
import { handoffState, type HandoffState, type Held, isHeldByPerson, nextStep, type Situation, type Step } from "./handoff-steps.ts";
import type { Inbox } from "./inbox.ts";
import type { RemoteScreen } from "./remote-screen.ts";
import { createSharedFront, type SharedFrontDeps } from "./shared-front.ts";

export interface HandoffLoop {
  readonly state: HandoffState;
  /** Puts the session where it should be, with its agent running or not. */
  begin(front: Front, options: { startAgent: boolean }): Promise<void>;
  /** Resolves when it happened; `waiting` when it will happen later. */
  want(to: Front, options: { by: "prompt" | "person"; now?: boolean }): Promise<"done" | "waiting">;
  /** Something changed: the queue, the end of a turn, a viewer, a timer. */
  poke(): void;
  /** The agent's own screen of a shared thread is gone, and the agent is not. */
  terminalGone(): void;
  /** Runs the agent remotely if it is not. */
  wake(): Promise<void>;
  close(): void;
}

export interface HandoffDeps extends AgentStartDeps, Omit<SharedFrontDeps, "starts" | "isOpen"> {
  host: HostControl;
  inbox: Inbox;
  screen: RemoteScreen;
  remoteWhileLocal(): "switch" | "read-only";
  /** `control: "shared"`. */
  isShared: boolean;
  background(): number;
  /** A failed turn is to be sent again first. */
  isQueueHeld(): boolean;
  /** The front end changed; durable before the other one starts. */
  moved(front: Front): Promise<void>;
  /** Anything visible changed. */
  changed(): void;
}

/** Agents tell of the end of a turn; a wait for one does not rest on hearing it. */
const LOOK_AGAIN_MS = 500;

const heldIn = ({ inbox, host }: HandoffDeps): Held => ({ waiting: inbox.waiting, viewers: host.viewers().length });

function situationIn(deps: HandoffDeps, isHanding: boolean): Situation {
  const { supervisor, inbox, clock } = deps;
  const stage = supervisor.front === "remote" ? inbox.current?.stage : undefined;
  return {
    ...heldIn(deps),
    now: clock.now(),
    running: supervisor.front,
    busy: supervisor.busy,
    isGiven: stage === "handing" || stage === "handed",
    background: deps.background(),
    remoteWhileLocal: deps.remoteWhileLocal(),
    isHanding,
    isQueueHeld: deps.isQueueHeld(),
    next: inbox.next,
  };
}

export function createHandoffLoop(deps: HandoffDeps): HandoffLoop {
  const { control, supervisor, host, inbox, screen, clock, log } = deps;
  let isHanding = false;
  /** Nothing moves before the session was taken up, and nothing after its end. */
  let isOpen = false;
  /** Who waits to hear what becomes of the wish. */
  const hearers: ((result: "done" | "waiting") => void)[] = [];
  let cancelTimer: (() => void) | undefined;

  const starts = createAgentStarts(deps);
  const shared = deps.isShared ? createSharedFront({ ...deps, starts, isOpen: () => isOpen }) : null;
  const heldNow = (): Held => heldIn(deps);

  function later(at: number): void {
    cancelTimer?.();
    cancelTimer = clock.setTimer(Math.max(0, at - clock.now()), poke);
  }

  async function changeFront(to: Front, interrupt: boolean): Promise<void> {
    control.isSwitching = true;
    deps.changed();
    const began = clock.now();
    try {
      await supervisor.stop({ interrupt });
      control.front = to;
      await deps.moved(to);
      // The terminal program takes the screen when it is spawned; until then the banner stays.
      if (to === "remote") await screen.show();
      const started = await starts.start(to);
      if (!started && to === "local") {
        control.front = "remote";
        await deps.moved("remote");
        await screen.show();
      }
      log.info("handoff.done", { to: control.front, tookMs: clock.now() - began, started });
    } finally {
      control.isSwitching = false;
      deps.changed();
    }
  }

  async function move({ to, interrupt }: Extract<Step, { do: "move" }>): Promise<void> {
    const mine = control.wish;
    control.waits = null;
    await changeFront(to, interrupt);
    // A slow start of the terminal program must not use up the time in which nothing takes it away again.
    if (mine?.by === "person" && control.front === "local") control.lastTypedAt = clock.now();
    // Meanwhile something else may have been wanted: that stands.
    if (control.wish === mine) settle();
    poke();
  }

  function wait({ decision }: Extract<Step, { do: "wait" }>): void {
    const isNews = control.waits?.for !== decision.for;
    control.waits = decision;
    later(decision.checkAt ?? clock.now() + LOOK_AGAIN_MS);
    if (isNews) deps.changed();
    answer("waiting");
  }

  async function hand({ prompt }: Extract<Step, { do: "hand" }>): Promise<void> {
    isHanding = true;
    try {
      if (supervisor.front === "remote" || (await starts.start("remote"))) await inbox.hand(prompt, { isHeld: deps.isQueueHeld });
      else later(control.pausedUntil);
    } finally {
      isHanding = false;
    }
    poke();
  }

  function answer(result: "done" | "waiting"): void {
    for (const hear of hearers.splice(0)) hear(result);
  }

  function settle(): void {
    control.wish = null;
    control.waits = null;
    answer("done");
  }

  async function advance(): Promise<void> {
    if (!isOpen) return;
    const step = nextStep(control, situationIn(deps, isHanding));
    switch (step.do) {
      case "nothing":
        return;
      case "settle":
        settle();
        // Wished to and fro meanwhile: what the first wish held up goes on.
        return advance();
      case "drop":
        settle();
        deps.changed();
        return poke();
      case "wait":
        return wait(step);
      case "move":
        return move(step);
      case "hold":
        return deps.changed();
      case "pause":
        return later(step.until);
      case "wish":
        control.wish = { to: "remote", since: clock.now(), by: "prompt", now: false };
        return advance();
      case "hand":
        return hand(step);
    }
  }

  function poke(): void {
    if (!isOpen) return;
    // Given up for good: who comes back to the terminal later holds nothing.
    if (control.front === "local" && inbox.queued > 0 && !isHeldByPerson(control, heldNow())) control.held = null;
    advance().catch((cause: unknown) => {
      log.warn("handoff.failed", { cause });
      settle();
      // Nothing else may happen that asks again, and the queue would wait for it for ever.
      control.pausedUntil = clock.now() + RESTART_PAUSE_MS;
      later(control.pausedUntil);
    });
  }

  const off = [
    host.on("viewerTyped", (at, typed) => {
      control.lastTypedAt = at;
      if (typed) supervisor.conversation.typed?.(typed);
    }),
    host.on("viewers", poke),
  ];

  return {
    get state() {
      return handoffState(control, heldNow());
    },
    async begin(to, options) {
      if (shared) {
        await shared.begin(to, options.startAgent);
        isOpen = true;
        return shared.begun(to);
      }
      control.front = to;
      if (to === "remote") await screen.show();
      if (options.startAgent && !(await starts.start(to)) && to === "local") throw toAppError(starts.lastFailure);
      isOpen = true;
    },
    want(to, options) {
      if (shared) return shared.want(to).finally(poke);
      const now = options.now ?? false;
      if (control.wish?.to !== to) {
        settle();
        control.wish = { to, since: clock.now(), by: options.by, now };
      }
      const { wish } = control;
      wish.now ||= now;
      if (options.by === "person") {
        wish.by = "person";
        // Whoever asks for the terminal sits at its keyboard: prompts in the queue don't take it away again at once.
        if (to === "local") control.lastTypedAt = clock.now();
        control.held = to === "local" ? { prompts: new Set(inbox.waiting), since: clock.now() } : null;
      }
      return new Promise((resolve) => {
        hearers.push(resolve);
        poke();
      });
    },
    poke,
    terminalGone: () => shared?.gone(),
    async wake() {
      if (control.front === "remote" && supervisor.front === null && !(await starts.start("remote"))) throw toAppError(starts.lastFailure);
    },
    close() {
      isOpen = false;
      cancelTimer?.();
      for (const stop of off) stop();
      settle();
    },
  };
}
