/** What the agent told about itself, across restarts, and what goes on in it. */
import type { DriverLog } from "@hapi/agents";
import type { AgentEvent, BackgroundWork, TerminalDialog } from "@hapi/protocol";
import type { Ledger } from "./ledger.ts";
import type { AgentFacts } from "./metadata.ts";

/** Beside the driver's own keys. */
const KEY = "hapi.agentFacts";
const BEGUN_KEY = "hapi.turnBegun";

export interface AgentView {
  readonly facts: AgentFacts;
  /** A turn runs. */
  readonly thinking: boolean;
  /** A turn runs that the agent has begun with; `thinking` begins with what it is given. */
  readonly inTurn: boolean;
  /** What goes on beside the turns and would end with the agent's process. */
  background: readonly BackgroundWork[];
  /** On the agent's own screen, answerable there only. */
  dialog: TerminalDialog | null;
  remember(patch: Partial<AgentFacts>): void;
  /** Our name for the turn that runs; null: none does. */
  setTurn(turn: string | null): void;
  /** The agent's own word. */
  recorded(event: AgentEvent): void;
}

export function createAgentView({ ledger, log }: { ledger: Ledger; log: DriverLog }): AgentView {
  const facts: AgentFacts = ledger.memory.get<AgentFacts>(KEY) ?? {};
  let begun = ledger.memory.get<boolean>(BEGUN_KEY) === true;

  function setBegun(hasBegun: boolean): void {
    if (begun === hasBegun) return;
    begun = hasBegun;
    ledger.memory.commit({ [BEGUN_KEY]: begun }).catch((cause: unknown) => log.warn("session.turn_not_kept", { cause }));
  }

  return {
    facts,
    get thinking() {
      return ledger.state.facts.turn !== null;
    },
    get inTurn() {
      return begun && this.thinking;
    },
    background: [],
    dialog: null,
    recorded({ type, parent }) {
      if (parent !== undefined) return;
      if (type === "turn-started") setBegun(true);
      else if (type === "turn-ended") setBegun(false);
    },
    remember(patch) {
      const given = Object.entries(patch).filter(([, value]) => value !== undefined);
      if (given.every(([key, value]) => JSON.stringify(facts[key as keyof AgentFacts]) === JSON.stringify(value))) return;
      Object.assign(facts, Object.fromEntries(given));
      ledger.memory.commit({ [KEY]: { ...facts } }).catch((cause: unknown) => log.warn("session.facts_not_kept", { cause }));
    },
    setTurn(turn) {
      if (turn === null) setBegun(false);
      if (ledger.state.facts.turn === turn) return;
      ledger.setFacts({ turn }).catch((cause: unknown) => log.warn("session.turn_not_kept", { cause }));
    },
  };
}
