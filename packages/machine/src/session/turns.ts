/** How turns end: each once, whoever tells of it, with what its end means for sending it again. */
import type { DriverLog } from "@hapi/agents";
import type { AgentEvent } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { AgentView } from "./agent-view.ts";
import type { Ledger } from "./ledger.ts";
import { MAX_ENDED_TURNS } from "./ledger-state.ts";
import type { Backlog } from "./backlog.ts";
import type { Retrying } from "./retrying.ts";
import type { ScreenModel } from "./screen-model.ts";

type TurnEnded = Extract<AgentEvent, { type: "turn-ended" }>;

export interface Turns {
  /** Written before the end itself: told again after a crash in between, it is known by its key. */
  ended(key: string, event: TurnEnded): void;
  /** A turn that nothing will end any more is closed in the history, once. */
  close(outcome: "interrupted" | "failed", failure?: TurnEnded["failure"]): void;
}

export interface TurnsDeps {
  ledger: Ledger;
  agent: AgentView;
  backlog: Backlog;
  screen: ScreenModel;
  retrying: Pick<Retrying, "turnEnded" | "look">;
  clock: Clock;
  log: DriverLog;
}

export function createTurns({ ledger, agent, backlog, screen, retrying, clock, log }: TurnsDeps): Turns {
  const { facts } = ledger.state;

  function ended(key: string, event: TurnEnded): void {
    const { endedTurns } = facts;
    if (event.parent !== undefined || endedTurns.includes(key)) return;
    const { outcome, failure, localIds } = event;
    const lastTurn = { outcome, at: clock.now(), localId: localIds?.at(-1) ?? null, ...(failure ? { failure } : {}) };
    ledger
      .setFacts({ lastTurn, endedTurns: [...endedTurns, key].slice(-MAX_ENDED_TURNS), ...retrying.turnEnded(event) })
      .catch((cause: unknown) => log.warn("session.turn_not_kept", { cause }));
    retrying.look();
  }

  return {
    ended,
    close(outcome, failure) {
      const { turn } = facts;
      if (turn === null) return;
      const id = `hapi:turn:${turn}:end`;
      const event = { type: "turn-ended" as const, id, outcome, failure };
      ended(id, event);
      backlog.add(id, event);
      screen.record(event);
      agent.setTurn(null);
    },
  };
}
