/** What each event of a session or a machine does. */
import type { Clock } from "@hapi/platform";
import {
  AppError,
  type AgentState,
  type Machine,
  type MachineMetadata,
  type Metadata,
  type RunnerState,
  type Session,
} from "@hapi/protocol";
import type { LiveText } from "../live/live-text.ts";
import type { MachinePresence } from "../machines/presence.ts";
import type { MachineStore } from "../machines/store.ts";
import type { Delivery } from "../messages/delivery.ts";
import { ingestMessage } from "../messages/ingest.ts";
import type { MessageStore } from "../messages/store.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { SessionAccess } from "../sessions/access.ts";
import type { Lifecycle } from "../sessions/lifecycle.ts";
import { mergeMetadata } from "../sessions/metadata-merge.ts";
import type { SessionPresence } from "../sessions/presence.ts";
import type { StopStore } from "../sessions/stops.ts";
import type { Transaction } from "../events/transaction.ts";
import type { VersionedResult } from "../events/versioned.ts";
import type { SessionStore } from "../sessions/store.ts";
import type { CliConnection, CliHandlers } from "./cli-namespace.ts";

export interface CliHandlerDeps {
  access: SessionAccess;
  sessions: SessionStore;
  transaction: Transaction<{ sessions: SessionStore; stops: StopStore }>;
  messages: MessageStore;
  machines: MachineStore;
  presence: SessionPresence;
  machinePresence: MachinePresence;
  lifecycle: Lifecycle;
  delivery: Delivery;
  live: LiveText;
  rpc: Rpc;
  clock: Clock;
  onRegistered(connection: CliConnection, method: string): void;
}

export function cliHandlers(deps: CliHandlerDeps): CliHandlers {
  return { ...sessionHandlers(deps), ...promptHandlers(deps), ...machineHandlers(deps), ...rpcHandlers(deps) };
}

/** A session's socket speaks for that session only, under any of its ids. */
async function sessionOf({ access, sessions }: CliHandlerDeps, { identity }: CliConnection, sid: string): Promise<Session> {
  const session = await access.session(identity.actor, sid);
  const isItself = identity.scope !== "session" || session.id === identity.id || session.id === (await sessions.canonicalId(identity.id));
  if (!isItself || isOfOtherMachine(identity, session)) throw new AppError("session_access_denied");
  return session;
}
/** A runner's socket speaks for what runs beside it. */
function isOfOtherMachine({ scope, id }: CliConnection["identity"], { metadata }: Session): boolean {
  return scope === "machine" && metadata?.machineId !== undefined && metadata.machineId !== id;
}
/** When a sign of life was meant: by the hub's own clock where it is of the moment. */
const meantAt = ({ clock }: CliHandlerDeps, { identity }: CliConnection, saidAt: number): number =>
  identity.traits.signsLive ? clock.now() : saidAt;
const machineOf = (deps: CliHandlerDeps, connection: CliConnection, id: string): Promise<Machine> =>
  deps.access.machine(connection.identity.actor, id);

function sessionHandlers(deps: CliHandlerDeps): CliHandlers {
  return {
    async message(frame, connection, text) {
      await ingestMessage(deps.messages, await sessionOf(deps, connection, frame.sid), { ...frame, text, origin: connection.socket.id });
    },
    async stream(frame, connection) {
      deps.live.push(await sessionOf(deps, connection, frame.sid), frame);
    },
    async "session-alive"(frame, connection) {
      const session = await sessionOf(deps, connection, frame.sid);
      await connection.join();
      await deps.presence.alive(session, { ...frame, time: meantAt(deps, connection, frame.time) }, connection.socket.id);
    },
    async "session-ready"(frame, connection) {
      await sessionOf(deps, connection, frame.sid);
    },
    async "session-end"(frame, connection) {
      await deps.lifecycle.ended(await sessionOf(deps, connection, frame.sid), frame.reason, (frame.holds ?? 0) > 0);
    },
    async "update-metadata"(frame, connection) {
      const session = await sessionOf(deps, connection, frame.sid);
      const incoming = asRecord<Metadata>(frame.metadata);
      // A person's decision that is written meanwhile stands.
      const result = await deps.transaction(async ({ sessions, stops }) => {
        const stop = await stops.get(session.id);
        const next = (current: Metadata | null) => incoming && mergeMetadata(current, incoming, deps.clock.now(), stop);
        return sessions.updateMetadata(session.id, frame.expectedVersion, next, connection.socket.id);
      });
      return versionedAck("metadata", result);
    },
    async "update-state"(frame, connection) {
      const session = await sessionOf(deps, connection, frame.sid);
      const state = asRecord<AgentState>(frame.agentState);
      const result = await deps.sessions.updateAgentState(session.id, frame.expectedVersion, () => state, connection.socket.id);
      return versionedAck("agentState", result);
    },
  };
}

function promptHandlers(deps: CliHandlerDeps): CliHandlers {
  return {
    async "messages-consumed"(frame, connection) {
      const session = await sessionOf(deps, connection, frame.sid);
      await deps.messages.consume(session.id, frame.localIds, frame.steered === true);
    },
    async "messages-indeterminate"(frame, connection) {
      const session = await sessionOf(deps, connection, frame.sid);
      await deps.messages.indeterminate(session.id, frame.localIds);
    },
    async "messages-returned"(frame, connection) {
      const session = await sessionOf(deps, connection, frame.sid);
      await deps.messages.returned(session.id, frame.localIds);
    },
    async "messages-steer-state"(frame, connection) {
      const session = await sessionOf(deps, connection, frame.sid);
      await deps.messages.steerState(session.id, frame.localIds, frame.state);
    },
    async "message-stage"(frame, connection) {
      const session = await sessionOf(deps, connection, frame.sid);
      const { localId, stage, at, detail } = frame;
      await deps.messages.stage(session.id, { localId, stage, at, ...(detail === undefined ? {} : { detail }) });
    },
  };
}

function machineHandlers(deps: CliHandlerDeps): CliHandlers {
  return {
    async "machine-alive"(frame, connection) {
      const machine = await machineOf(deps, connection, frame.machineId);
      await connection.join();
      const health = frame.health === undefined ? {} : { health: frame.health };
      await deps.machinePresence.alive(machine.id, { time: meantAt(deps, connection, frame.time), ...health });
    },
    async "machine-update-metadata"(frame, connection) {
      const machine = await machineOf(deps, connection, frame.machineId);
      const incoming = asRecord<MachineMetadata>(frame.metadata);
      // The name a person gave stays when the runner does not know it.
      const next = (current: MachineMetadata | null) =>
        incoming && current?.displayName !== undefined && !("displayName" in incoming)
          ? { ...incoming, displayName: current.displayName }
          : incoming;
      return versionedAck("metadata", await deps.machines.updateMetadata(machine.id, frame.expectedVersion, next, connection.socket.id));
    },
    async "machine-update-state"(frame, connection) {
      const machine = await machineOf(deps, connection, frame.machineId);
      const state = asRecord<RunnerState>(frame.runnerState);
      return versionedAck(
        "runnerState",
        await deps.machines.updateRunnerState(machine.id, frame.expectedVersion, state, connection.socket.id),
      );
    },
  };
}

function rpcHandlers(deps: CliHandlerDeps): CliHandlers {
  return {
    async "rpc-register"(frame, connection) {
      await connection.join();
      if (!connection.link) throw new AppError(connection.identity.scope === "machine" ? "machine_not_found" : "session_not_found");
      if (!deps.rpc.register(connection.link, frame.method))
        throw new AppError("access_denied", "A socket registers methods of its own id only");
      deps.onRegistered(connection, frame.method);
    },
    "rpc-unregister"(frame, connection) {
      if (connection.link) deps.rpc.unregister(connection.link, frame.method);
    },
  };
}

function asRecord<T extends object>(value: unknown): T | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object" || Array.isArray(value)) throw new AppError("invalid_body");
  return value as T;
}

function versionedAck(field: string, result: VersionedResult<unknown>): unknown {
  if (result.kind === "missing") return { result: "error", reason: "not-found" };
  const kind = result.kind === "success" ? "success" : "version-mismatch";
  return { result: kind, version: result.version, [field]: result.value };
}
