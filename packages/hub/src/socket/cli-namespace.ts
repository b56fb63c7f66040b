/**
 * Namespace `/cli`: sessions and machines. Each event is parsed by its schema, checked against the socket's namespace, done, and
 * acknowledged when it is on the disk. A failure is said to the sender and never ends the connection.
 */
import { ignore, type Logger } from "@hapi/platform";
import {
  AppError,
  clientEvents,
  clientEventScopes,
  handshakeSchema,
  toAppError,
  type ClientEvent,
  type ClientEventName,
  type Machine,
  type Session,
} from "@hapi/protocol";
import { type LinkTraits, linkTraits } from "../peer/traits.ts";
import { type Actor, allow } from "../auth/actor.ts";
import type { Caller } from "../auth/caller.ts";
import type { Credentials } from "../auth/credentials.ts";
import type { Door } from "../auth/door.ts";
import type { Lock } from "../auth/lock.ts";
import type { Link, Links } from "../rpc/links.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { SessionAccess } from "../sessions/access.ts";
import type { ClientSocket, SocketNamespace } from "./client-socket.ts";

export interface CliIdentity {
  /** Whose credential it came with. */
  actor: Actor;
  scope: "session" | "machine" | null;
  id: string;
  traits: LinkTraits;
  caller: Caller;
}

/** One connection while it lives. */
export interface CliConnection {
  readonly socket: ClientSocket;
  readonly identity: CliIdentity;
  readonly link: Link | null;
  /** Its credential was revoked or changed, or everything was locked. */
  isEnded: boolean;
  /** Runs when the socket's own session or machine exists (now or later). */
  join(): Promise<void>;
}

/** `text`: see `SocketHandler`. */
export type CliHandler<N extends ClientEventName> = (
  frame: ClientEvent<N>,
  connection: CliConnection,
  text?: string,
) => Promise<unknown> | unknown;

export type CliHandlers = { [N in ClientEventName]?: CliHandler<N> };

export interface CliNamespaceDeps {
  door: Door;
  credentials: Pick<Credentials, "whileGood">;
  lock: Pick<Lock, "state" | "whileOpen">;
  access: SessionAccess;
  links: Links;
  rpc: Rpc;
  log: Logger;
  handlers: CliHandlers;
  /** The acks of versioned updates have a shape of their own; these events answer errors in it. */
  durable(how?: { isPatient?: boolean }): Promise<void>;
  onJoined(link: Link): void;
}

const versioned = new Set<string>(["update-metadata", "update-state", "machine-update-metadata", "machine-update-state"]);

export function cliNamespace(deps: CliNamespaceDeps): SocketNamespace<CliIdentity> {
  return {
    async authenticate(auth, caller) {
      const handshake = handshakeSchema.safeParse(auth);
      if (!handshake.success) throw new AppError("invalid_token");
      const actor = deps.door.actorOf(handshake.data.token, caller);
      if (actor === null) throw new AppError("invalid_token");
      const { clientType, sessionId, machineId, capabilities } = handshake.data;
      const isMachine = clientType === "machine-scoped" || (clientType === undefined && machineId !== undefined);
      const id = (isMachine ? machineId : sessionId) ?? "";
      const scope = id === "" ? null : isMachine ? "machine" : "session";
      checkScope(actor, scope, id);
      return { actor, scope, id, traits: linkTraits(capabilities ?? []), caller };
    },
    connected: (socket, identity) => connect(deps, socket, identity),
  };
}

/** Whether somebody may be what they say they are. Whose session it is, is seen when it is there. */
function checkScope(actor: Actor, scope: CliIdentity["scope"], id: string): void {
  allow(actor, scope === "machine" ? "machine:act" : "session:act");
  if (scope === "machine" && actor.machineId !== undefined && actor.machineId !== id) throw new AppError("machine_access_denied");
}

function connect(deps: CliNamespaceDeps, socket: ClientSocket, identity: CliIdentity): void {
  const running = new Set<Promise<unknown>>();
  const connection = createConnection(deps, socket, identity);
  const track = (work: Promise<unknown>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  for (const name of Object.keys(clientEvents) as ClientEventName[]) {
    const handler = deps.handlers[name] as CliHandler<ClientEventName> | undefined;
    if (!handler) continue;
    socket.on(name, (payload, ack, text) => track(run(deps, { name, handler, payload, ack, connection, text })));
  }
  // The barrier: everything this socket said before is on the disk.
  socket.on("ping", (_payload, ack) => {
    const earlier = [...running];
    ignore(
      Promise.all(earlier)
        .then(() => deps.durable())
        .then(() => ack?.()),
      "without an answer the other side times out",
    );
  });
  // What it said before and is not done with yet is refused too.
  const end = (): void => {
    connection.isEnded = true;
    socket.close();
  };
  const stopHearing = [deps.credentials.whileGood(identity.actor, end), deps.lock.whileOpen(identity.caller, end)];
  socket.onClose(() => {
    for (const stop of stopHearing) stop();
    if (!connection.link) return;
    deps.rpc.unregisterAll(connection.link);
    deps.links.remove(connection.link);
  });
  track(connection.join().catch((cause: unknown) => tell(deps, connection, cause)));
}

interface Call {
  name: ClientEventName;
  handler: CliHandler<ClientEventName>;
  payload: unknown;
  ack: ((answer?: unknown) => void) | null;
  connection: CliConnection;
  text: string | undefined;
}

async function run(deps: CliNamespaceDeps, call: Call): Promise<void> {
  const { name, ack, connection } = call;
  try {
    const parsed = clientEvents[name].safeParse(call.payload);
    if (!parsed.success) throw new AppError("invalid_body", `${name}: the payload does not fit`);
    if (connection.isEnded) throw new AppError(deps.lock.state === null ? "credential_revoked" : "hub_locked");
    allow(connection.identity.actor, clientEventScopes[name]);
    const answer = await call.handler(parsed.data as ClientEvent<ClientEventName>, connection, call.text);
    if (!ack) return;
    // What the agent says is on its readers' screens by now; its sender only wants to forget it some day.
    await deps.durable({ isPatient: name === "message" });
    ack(answer ?? { ok: true });
  } catch (cause) {
    const error = toAppError(cause);
    if (error.code === "internal") deps.log.error("socket.event_failed", { name, cause });
    // Existing clients look for this one in the event, whatever they asked.
    if (ack && reasonOf(error) === "access-denied") tell(deps, connection, error);
    if (ack) ack(versioned.has(name) ? { result: "error", reason: reasonOf(error) } : { error: error.message, code: error.code });
    else tell(deps, connection, error);
  }
}

const accessCodes: Record<string, string> = {
  session_not_found: "not-found",
  machine_not_found: "not-found",
  session_access_denied: "access-denied",
  machine_access_denied: "access-denied",
};

function reasonOf(error: AppError): string {
  return accessCodes[error.code] ?? error.code;
}

/** `error {message, code, scope, id}`, as existing clients know it. */
function tell(deps: CliNamespaceDeps, connection: CliConnection, cause: unknown): void {
  const error = toAppError(cause);
  const { scope, id } = connection.identity;
  deps.log.debug("socket.refused", { code: error.code, scope, id });
  connection.socket.emit("error", { message: error.message, code: reasonOf(error), scope: scope ?? "session", id });
}

/** Its own session or machine, where it is there and theirs. */
async function targetOf({ access }: CliNamespaceDeps, { actor, scope, id }: CliIdentity): Promise<Session | Machine | null> {
  try {
    return await (scope === "session" ? access.session(actor, id) : access.machine(actor, id));
  } catch (cause) {
    if (cause instanceof AppError && cause.code in accessCodes) return null;
    throw cause;
  }
}

function createConnection(deps: CliNamespaceDeps, socket: ClientSocket, identity: CliIdentity): CliConnection {
  let link: Link | null = null;
  const join = async (): Promise<void> => {
    if (link || identity.scope === null) return;
    const target = await targetOf(deps, identity);
    if (link || !target) return;
    link = {
      id: socket.id,
      namespace: identity.actor.namespace,
      scope: identity.scope,
      scopeId: target.id,
      spokenId: identity.id,
      traits: identity.traits,
      emit: (event, payload) => socket.emit(event, payload),
      request: (event, payload, timeoutMs) => socket.request(event, payload, timeoutMs),
    };
    deps.links.add(link);
    deps.onJoined(link);
  };
  return {
    socket,
    identity,
    isEnded: false,
    get link() {
      return link;
    },
    join,
  };
}
