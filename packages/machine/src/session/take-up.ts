/**
 * The beginning of a session process: take over what the host still runs, or settle what a former life left open and start what should run. Nothing
 * is handed to the agent before this is through.
 */
import type { DriverEvent, Front } from "@hapi/agents";
import { readHostMark } from "@hapi/host";
import { within } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { AgentView } from "./agent-view.ts";
import type { HandoffLoop } from "./handoff-loop.ts";
import type { Inbox } from "./inbox.ts";
import type { SetLifecycle } from "./lifecycle.ts";
import type { PermissionBroker } from "./permissions.ts";
import type { SessionPorts } from "./session-ports.ts";
import type { Turns } from "./turns.ts";
import { writtenOf } from "./written-folders.ts";

/** A terminal that was asked for attaches within this time. */
const FIRST_VIEWER_WAIT_MS = 3_000;

export interface TakeUpDeps {
  ports: SessionPorts;
  supervisor: AgentSupervisor;
  loop: HandoffLoop;
  inbox: Inbox;
  broker: PermissionBroker;
  agent: Pick<AgentView, "setTurn">;
  turns: Turns;
  setLifecycle: SetLifecycle;
  /** As if the driver had said it. */
  say(event: DriverEvent): void;
  adopted(): void;
}

/** Names the life of the host. Process ids are used again, so its start counts too. */
export function hostIdOf({ host, dir }: Pick<SessionPorts, "host" | "dir">): string {
  return JSON.stringify([host.hostPid, readHostMark(dir)?.startedAt]);
}

/** Of a shared thread the agent's own screen, where it is open. */
const shownIn = ({ conversation }: AgentSupervisor, running: Front | null): Front | null =>
  running !== null && conversation.terminal?.isOpen ? "local" : running;

export async function takeUp(deps: TakeUpDeps): Promise<void> {
  const { ports, supervisor, inbox, broker, agent, turns } = deps;
  const { ledger, clock, log, sessionFile } = ports;
  const { facts } = ledger.state;
  // Another host than last time: nothing of the former life runs any more.
  const hostId = hostIdOf(ports);
  const launched = facts.hostId !== hostId;
  const former = { turn: facts.turn, requests: [...ledger.state.open.keys()] };
  const running = await supervisor.adopt();
  deps.adopted();
  const front = shownIn(supervisor, running) ?? (launched ? sessionFile.value.startingMode : facts.front);
  log.info("session.begun", { launched, running, front, queued: inbox.queued });
  await ledger.setFacts({
    hostId,
    front,
    ...(launched ? { lifecycle: "initializing", lifecycleSince: clock.now(), failureCode: null } : {}),
  });
  const isSame = running !== null && !supervisor.begunByHost;
  if (running !== null && !isSame) {
    settleFormer(deps, former);
  } else if (!isSame) {
    broker.agentGone();
    turns.close("interrupted");
  } else {
    broker.agentAdopted();
    if (!supervisor.busy) agent.setTurn(null);
  }
  await inbox.reconcile(isSame);
  if (running !== null) await continueIn(deps, front);
  else await startIn(deps, front, launched);
}

/** What a former life left open is ended; the turn and the requests of the agent that the host has begun since are its own. */
function settleFormer(
  { ports, broker, turns, supervisor, say }: TakeUpDeps,
  former: { turn: string | null; requests: readonly string[] },
): void {
  broker.agentGone(former.requests);
  if (former.turn === null || ports.ledger.state.facts.turn !== former.turn) return;
  turns.close("interrupted");
  if (supervisor.busy) say({ type: "thinking", thinking: true });
}

/** Without its program a session can't run. Asked only when a start went wrong: it takes longer than the start itself. */
async function mustBeInstalled(ports: SessionPorts): Promise<void> {
  const { driver, agentEnv, sessionFile } = ports;
  const found = await driver.detect(agentEnv, sessionFile.value.environment?.program, writtenOf(ports));
  if (found.available) return;
  const code = found.reason === "unsupported_version" ? "agent_unsupported_version" : "agent_not_installed";
  throw new AppError(code, found.hint ?? `${driver.displayName} was not found on this machine`);
}

/** On a shared thread nobody waits for anybody: it runs, whatever is on the screen. */
const lifecycleIn = ({ driver }: SessionPorts, front: Front) =>
  front === "local" && driver.capabilities.control !== "shared" ? "paused" : "running";

async function continueIn({ ports, loop, setLifecycle }: TakeUpDeps, front: Front): Promise<void> {
  const { host, ledger } = ports;
  const { terminal } = ledger.state.facts;
  await loop.begin(front, { startAgent: false });
  // It may have ended meanwhile, and the screen is ours again.
  const isShown = ledger.state.facts.front === "local";
  if (isShown && terminal !== null && host.process(terminal)) await host.setDisplay({ kind: "process", launchId: terminal });
  await setLifecycle(lifecycleIn(ports, front));
}

async function startIn(deps: TakeUpDeps, front: Front, launched: boolean): Promise<void> {
  const { ports, loop, inbox } = deps;
  const { driver, host, ledger, link } = ports;
  const wantsTerminal = front === "local" && driver.capabilities.control !== "remote";
  if (wantsTerminal && launched) await firstViewer(ports);
  // Nobody looks: a terminal program would run for no one.
  const to = wantsTerminal && host.viewers().length > 0 ? "local" : "remote";
  if (to !== ledger.state.facts.front) await ledger.setFacts({ front: to });
  const startAgent = to === "local" || launched || inbox.queued > 0;
  try {
    await loop.begin(to, { startAgent });
  } catch (cause) {
    await mustBeInstalled(ports);
    throw cause;
  }
  if (startAgent && deps.supervisor.front === null) {
    await mustBeInstalled(ports);
    const { startFailure } = deps.supervisor;
    // Started from afar to go on with its conversation, and it can't: whoever asked hears why, and nothing is begun in its place.
    if (launched && startFailure && ports.sessionFile.value.threadId !== undefined && host.viewers().length === 0) throw startFailure;
  }
  await deps.setLifecycle(lifecycleIn(ports, to));
  if (link.connected) link.ready();
}

async function firstViewer({ host, clock }: SessionPorts): Promise<void> {
  if (host.viewers().length > 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = host.on("viewers", (viewers) => viewers.length > 0 && resolve());
  await within(clock, FIRST_VIEWER_WAIT_MS, promise);
  stop();
}
