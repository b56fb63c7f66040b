/**
 * Looks at a Claude in the terminal, again and again and whenever something is heard of it, and does what follows from everything known by then.
 * Whether it is at work is decided in `local-turn.ts`; once it is over, nothing follows any more.
 */
import type { TurnOutcome } from "@hapi/protocol";
import type { Core } from "./core.ts";
import type { LiveSession } from "./live-sessions.ts";
import { createLocalTurn, type LocalSign, type LocalTurn, type Verdict } from "./local-turn.ts";
import type { OwnStatus } from "./own-status.ts";

/** How often Claude's status file is looked at: while something goes on, and otherwise. */
export const LOOK_MS = 100;
const LOOK_IDLE_MS = 500;

export interface LocalLookParts {
  core: Core;
  launchId: string;
  own: OwnStatus;
  /** Claude's own word, or none, before anything is decided on it. */
  onStatus(live: LiveSession | null): void;
  /** Claude is at its prompt. */
  onIdle(): void;
  /** Claude has shown that it has every line that was entered. */
  onProven(): void;
}

/** Pure. `ends`: so the turn ends that the record leaves open. */
export function whatFollows(verdict: Verdict, isTurnOpen: boolean): { ends: TurnOutcome | null; thinking: boolean } {
  const { working, because, recordOver, told } = verdict;
  // Silence is no success.
  const ends = recordOver ? (told ? "completed" : "interrupted") : null;
  return { ends, thinking: (working && because !== "entered") || (isTurnOpen && ends === null) };
}

export class LocalLook {
  readonly #parts: LocalLookParts;
  #turn: LocalTurn = createLocalTurn();
  /** Claude's own word at the last look; for the log. */
  #status: string | undefined;
  #provenLines = 0;
  #waiters: (() => void)[] = [];
  #cancel: (() => void) | undefined;
  #isOver = false;

  constructor(parts: LocalLookParts) {
    this.#parts = parts;
  }

  get turn(): LocalTurn {
    return this.#turn;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Its record was read by another session process, up to wherever that came. */
  takeOver(): void {
    const { turn, queue } = this.#parts.core.feed?.parser.state ?? {};
    this.#turn = createLocalTurn({ turnAt: turn?.at, queue });
  }

  sign(sign: LocalSign): void {
    this.#turn.sign(sign, this.#now());
  }

  verdict(): Verdict {
    return this.#turn.verdict(this.#now());
  }

  /** Of what was entered: that Claude has it, and where. */
  get isAllShown(): boolean {
    return this.#turn.unproven().length === 0 && !this.#turn.isUnwritten(this.#now());
  }

  look(): Verdict {
    const live = this.#parts.own.read();
    this.#status = live?.status;
    this.sign({ type: "status", status: live?.status, since: live?.statusSince ?? this.#now() });
    if (!this.#isOver) this.#parts.onStatus(live);
    return this.decide();
  }

  decide(): Verdict {
    const { core, onIdle, onProven } = this.#parts;
    const verdict = this.verdict();
    if (this.#turn.proven !== this.#provenLines) onProven();
    this.#provenLines = this.#turn.proven;
    if (this.#isOver) return verdict;
    const { ends, thinking } = whatFollows(verdict, this.#isTurnOpen());
    if (ends) this.#endTurn(ends);
    core.setThinking(thinking);
    if (!thinking) onIdle();
    if (!verdict.working) for (const done of this.#waiters.splice(0)) done();
    return verdict;
  }

  keepLooking(): void {
    this.#cancel?.();
    if (this.#isOver) return;
    const { working } = this.look();
    const pauseMs = working || this.#isTurnOpen() ? LOOK_MS : LOOK_IDLE_MS;
    this.#cancel = this.#parts.core.context.clock.setTimer(pauseMs, () => this.keepLooking(), { unref: true });
  }

  /** Resolves when a handoff would break nothing off. */
  idle(): Promise<void> {
    return this.look().working ? new Promise((resolve) => this.#waiters.push(resolve)) : Promise.resolve();
  }

  /** The program is gone, or another session process has it. */
  close(): void {
    this.#isOver = true;
    this.#cancel?.();
  }

  #now(): number {
    return this.#parts.core.context.clock.now();
  }

  #isTurnOpen(): boolean {
    return this.#parts.core.feed?.parser.state.turn != null;
  }

  #endTurn(outcome: TurnOutcome): void {
    const { core, launchId } = this.#parts;
    core.context.log.info("claude.turn_end_unrecorded", { status: this.#status });
    if (outcome !== "completed") tellRecordSilent(core, launchId);
    core.endTurn(outcome);
    this.sign({ type: "turn", running: false, at: this.#now() });
  }
}

function tellRecordSilent({ feed, lost }: Core, launchId: string): void {
  const turnId = feed?.parser.state.turn?.id;
  if (turnId === undefined) return;
  const details = { path: feed?.thread.transcript ?? "", turn: turnId };
  lost(feed?.isThere === true ? "record_silent" : "record_missing", `${launchId}:${turnId}:end`, details);
}
