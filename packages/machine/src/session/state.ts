/** What a session's parts share: what is kept, what is seen, and what happens. Nothing in here knows a part. */
import type { DriverEvent, Front } from "@hapi/agents";
import type { AgentFailure, Metadata, Session } from "@hapi/protocol";
import { type AgentView, createAgentView } from "./agent-view.ts";
import { createInForce, type InForce } from "./in-force.ts";
import { type Control, newControl } from "./handoff-steps.ts";
import { createKeptWords, type KeptWords } from "./kept-words.ts";
import type { Facts } from "./ledger-state.ts";
import { lifecycleOf, type SetLifecycle } from "./lifecycle.ts";
import { createLosses, type Losses } from "./losses.ts";
import { createNotices, type Notice } from "./notices.ts";
import { createBacklog, type Backlog } from "./backlog.ts";
import type { RetrySending } from "./retrying.ts";
import { createScreenModel, type ScreenModel } from "./screen-model.ts";
import type { SessionPorts } from "./session-ports.ts";
import { createSignal, type Signal } from "./signal.ts";
import { createStageReports, type StageReports } from "./stage-reports.ts";
import { hostIdOf } from "./take-up.ts";

export interface StartFailure {
  front: Front;
  failure: AgentFailure;
  /** In a row. */
  times: number;
}

export interface SessionSignals {
  /** By the driver. */
  agentSaid: Signal<[DriverEvent]>;
  /** Anything that is shown: at the hub, on the screen, in the sign of life. */
  changed: Signal;
  /** The queue may go on. */
  queueDue: Signal;
  lifecycleSet: Signal;
  agentNotStarted: Signal<[StartFailure]>;
  /** By the keys of a viewer. */
  terminalWanted: Signal;
  exitWanted: Signal;
  /** The hub has the session's row. */
  registered: Signal<[Session]>;
  /** The hub has this metadata now. */
  metadataTold: Signal<[Metadata]>;
  /** By somebody at the hub. */
  deleted: Signal;
}

/** Whether it still goes on, and what is let go of when it does not. */
export interface SessionLife {
  /** Set by the ending alone. */
  isEnding: boolean;
  onClose(close: () => void): void;
  close(): void;
}

export interface SessionState {
  readonly signals: SessionSignals;
  readonly life: SessionLife;
  readonly facts: Facts;
  /** This is the first process of a new launch: another host than last time. */
  readonly launched: boolean;
  readonly agent: AgentView;
  readonly control: Control;
  readonly sending: RetrySending;
  readonly inForce: InForce;
  readonly kept: KeptWords;
  readonly model: ScreenModel;
  readonly backlog: Backlog;
  readonly reports: StageReports;
  readonly losses: Losses;
  readonly notice: Notice;
  readonly setLifecycle: SetLifecycle;
  isAutoRetry(): boolean;
}

function createLife(): SessionLife {
  const closers: (() => void)[] = [];
  return {
    isEnding: false,
    onClose: (close) => void closers.push(close),
    close() {
      for (const close of closers.splice(0).reverse()) close();
    },
  };
}

const newSignals = (): SessionSignals => ({
  agentSaid: createSignal(),
  changed: createSignal(),
  queueDue: createSignal(),
  lifecycleSet: createSignal(),
  agentNotStarted: createSignal(),
  terminalWanted: createSignal(),
  exitWanted: createSignal(),
  registered: createSignal(),
  metadataTold: createSignal(),
  deleted: createSignal(),
});

export function openState(ports: SessionPorts): SessionState {
  const { sessionFile, ledger, driver, link, clock, log, settings } = ports;
  const { facts } = ledger.state;
  const signals = newSignals();
  const life = createLife();
  const model = createScreenModel();
  const backlog = createBacklog({ ledger, link, clock, log });
  const reports = createStageReports({ state: ledger.state, link, clock, log });
  life.onClose(backlog.close);
  life.onClose(reports.close);
  const notice = createNotices({ backlog, clock });
  const launched = facts.hostId !== hostIdOf(ports);
  return {
    signals,
    life,
    facts,
    launched,
    agent: createAgentView({ ledger, log }),
    control: newControl(
      driver.capabilities.control === "shared" ? "remote" : facts.hostId === null ? sessionFile.value.startingMode : facts.front,
    ),
    sending: { current: null },
    inForce: createInForce({ ledger, sessionFile, launched, agent: driver.displayName, notice, log }),
    kept: createKeptWords({
      memory: ledger.memory,
      agent: driver.displayName,
      notice,
      changed: (has) => sessionFile.update({ keptWords: has ? true : undefined }),
      log,
    }),
    model,
    backlog,
    reports,
    losses: createLosses({
      dir: ports.dir,
      tell(key, event) {
        backlog.add(key, event);
        model.record(event);
      },
      clock,
      log,
    }),
    notice,
    setLifecycle: lifecycleOf({ ledger, clock, changed: signals.lifecycleSet.emit }),
    isAutoRetry: () => sessionFile.value.autoRetry ?? settings.autoRetry ?? false,
  };
}
