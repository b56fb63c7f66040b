/** What a session shows of itself: on its screen, at the hub, in its sign of life. Read from what the parts know at the moment of asking. */
import type { AliveFacts } from "@hapi/client/link";
import { type AgentCapabilities, type AgentState, effortField, type Metadata } from "@hapi/protocol";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import { handoffState, type HandoffState } from "./handoff-steps.ts";
import { metadataOf } from "./metadata.ts";
import type { PermissionBroker } from "./permissions.ts";
import { promptsIn, waitingIn } from "./prompt-queue.ts";
import { retryOnWire } from "./retry-plan.ts";
import type { SessionPorts } from "./session-ports.ts";
import type { SessionState } from "./state.ts";
import { statusText, type StatusLine } from "./status-text.ts";

export const queuedOf = ({ ledger }: SessionPorts): number => promptsIn(ledger.state.prompts, "queued").length;

const handoffOf = ({ ledger, host }: SessionPorts, { control }: SessionState): HandoffState =>
  handoffState(control, { waiting: waitingIn(ledger.state.prompts), viewers: host.viewers().length });

export function statusOf(ports: SessionPorts, state: SessionState): StatusLine {
  const { agent, facts } = state;
  return statusText({
    state: handoffOf(ports, state),
    thinking: agent.thinking,
    background: agent.background,
    queued: queuedOf(ports),
    connected: ports.link.connected,
    retry: retryOnWire(facts),
    lastTurn: facts.lastTurn,
  });
}

export function aliveFactsOf({ driver, sessionFile }: SessionPorts, { agent, control, inForce }: SessionState): AliveFacts {
  const { permissionMode, model, effort } = inForce;
  return {
    thinking: agent.thinking,
    mode: control.front,
    permissionMode,
    model,
    ...effortOnWire(driver.capabilities, sessionFile.value.flavor, effort),
  };
}

const effortOnWire = ({ setEffort }: AgentCapabilities, flavor: string, effort: string | null): Pick<AliveFacts, "effort"> =>
  setEffort ? { [effortField(flavor)]: effort } : {};

export function sessionMetadata(
  ports: SessionPorts,
  { facts, agent, control, isAutoRetry }: SessionState,
  supervisor: AgentSupervisor,
): (current: Metadata | null) => Metadata {
  const { sessionFile, driver, host, home, settings, environment, about } = ports;
  return (current) =>
    metadataOf(
      {
        sessionFile: sessionFile.value,
        facts,
        agent: agent.facts,
        capabilities: driver.capabilities,
        home,
        hostPid: host.hostPid,
        remoteWhileLocal: settings.remoteWhileLocal,
        parked: control.front === "remote" && supervisor.front === null && !supervisor.moving,
        autoRetry: isAutoRetry(),
        environment,
        ...about,
      },
      current,
    );
}

export interface StateParts {
  broker: PermissionBroker;
  queueWait(): AgentState["queue"];
  givenWait(): AgentState["given"];
}

/** A session that ends waits for nothing any more. */
function waitsOf({ agent, facts }: SessionState, parts: StateParts): Pick<AgentState, "queue" | "given" | "dialog" | "retry"> {
  return { dialog: agent.dialog ?? undefined, queue: parts.queueWait(), given: parts.givenWait(), retry: retryOnWire(facts) };
}

const NOTHING = { dialog: undefined, queue: undefined, given: undefined, retry: undefined };

export function sessionAgentState(ports: SessionPorts, state: SessionState, parts: StateParts): (current: AgentState | null) => AgentState {
  const { agent, control, life } = state;
  return (current) => ({
    ...current,
    ...(life.isEnding ? NOTHING : waitsOf(state, parts)),
    controlledByUser: control.front === "local",
    handoff: onWire(handoffOf(ports, state)),
    background: agent.background.length > 0 ? [...agent.background] : undefined,
    ...parts.broker.onWire(),
  });
}

function onWire(state: HandoffState): AgentState["handoff"] {
  if (state.state === "held") return { to: "remote", waitsFor: "terminal", since: state.since };
  return state.state === "draining" ? { to: state.to, waitsFor: state.waitsFor, since: state.since } : undefined;
}
