/**
 * The session's row at the hub: made (or found) first, then kept true. Registration is repeated after every reconnect: it is harmless, gives the
 * present versions, and brings the row back where a hub lost it (then everything is said anew to a hub that knows us). Where a person deleted
 * the session, the hub says so for good, and the session ends.
 */
import { type AgentState, type AppError, type Message, type Metadata, type Session, toAppError } from "@hapi/protocol";
import type { DriverLog } from "@hapi/agents";
import type { Clock } from "@hapi/platform";
import type { KnownHub } from "./hub-address.ts";
import type { IncomingMessage } from "./prompt-moves.ts";
import type { RpcHandler, SessionLink } from "@hapi/client/link";
import type { OpenSessionFile } from "./session-file.ts";
import { createVersionedValue } from "./versioned.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const PAGE = 200;
/** At most this many pages of missed rows; what is still queued beyond them is pushed by the hub anyway. */
const MAX_PAGES = 500;

export interface Registration {
  /** `handlers`: what the session answers to. */
  open(handlers: Readonly<Record<string, RpcHandler>>): void;
  /** Metadata or agent state may have changed. */
  touch(): void;
  settled(): Promise<void>;
  /** The socket was up once. */
  readonly firstConnected: Promise<void>;
  close(): void;
}

export interface RegistrationDeps {
  link: SessionLink;
  sessionFile: OpenSessionFile;
  metadata(current: Metadata | null): Metadata;
  agentState(current: AgentState | null): AgentState;
  lastSeq(): number | null;
  receive(message: IncomingMessage): Promise<unknown>;
  passed(seq: number): Promise<void>;
  /** Where the hub is, and how that is known. */
  address(): KnownHub;
  registered(session: Session): void;
  /** The hub has this metadata now. */
  told(metadata: Metadata): void;
  /** Somebody deleted the session at the hub. */
  deleted(): void;
  clock: Clock;
  log: DriverLog;
}

export function createRegistration(deps: RegistrationDeps): Registration {
  const { link, sessionFile, clock, log } = deps;
  let closed = false;
  let opened = false;
  let handlers: Readonly<Record<string, RpcHandler>> = {};
  let registering = false;
  let isFirst = true;
  /** This connection's hub did not know the session when it was spoken to. */
  let isUnknown = false;
  const first = Promise.withResolvers<void>();
  const common = { connected: () => link.connected, clock, log };
  const metadata = createVersionedValue<Metadata, "metadata">({
    ...common,
    field: "metadata",
    wanted: deps.metadata,
    async send(version, value) {
      const ack = await link.updateMetadata(version, value);
      if (ack.result === "success") deps.told(value);
      return ack;
    },
  });
  const state = createVersionedValue<AgentState, "agentState">({
    ...common,
    field: "agentState",
    wanted: deps.agentState,
    send: (version, value) => link.updateState(version, value),
  });

  function seen(session: Session): void {
    metadata.seen(session.metadataVersion, session.metadata);
    state.seen(session.agentStateVersion, session.agentState);
    touch();
  }

  function touch(): void {
    metadata.touch();
    state.touch();
  }

  /** What came while we were away. A session that never saw a message has nothing to catch up with: what waits is pushed by the hub. */
  async function backfill(): Promise<void> {
    let after = deps.lastSeq();
    for (let page = 0; after !== null && page < MAX_PAGES && !closed; page++) {
      const rows: Message[] = await link.messagesAfter(after, PAGE);
      for (const row of rows) await deps.receive(row);
      after = rows.length > 0 ? (rows.at(-1)?.seq ?? null) : null;
      if (after !== null) await deps.passed(after);
      if (rows.length < PAGE) return;
    }
  }

  async function register(pauseMs: number): Promise<void> {
    if (closed || registering) return;
    registering = true;
    try {
      const { sessionId, tag, model } = sessionFile.value;
      const session = await link.register({ id: sessionId, tag, metadata: deps.metadata(null), agentState: deps.agentState(null), model });
      registering = false;
      const hub = deps.address();
      sessionFile.update({ hubUrl: hub.hubUrl, hubFrom: hub.hubFrom, registeredAt: hub.hubUrl });
      deps.registered(session);
      seen(session);
      if (!opened) {
        opened = true;
        link.open(handlers);
      } else if (isUnknown) {
        isUnknown = false;
        log.info("hub.row_made_again", {});
        link.again();
      }
    } catch (cause) {
      registering = false;
      const error = toAppError(cause);
      if (closed) return;
      if (error.code === "session_not_found") {
        log.info("hub.session_deleted", {});
        return deps.deleted();
      }
      if (error.code === "session_conflict" && takeOwnTag()) return register(pauseMs);
      log.warn("hub.registration_failed", { code: error.code, message: error.message, pauseMs });
      clock.setTimer(pauseMs, () => void register(Math.min(pauseMs * 2, LONGEST_PAUSE_MS)));
    }
  }

  /** The hub has this folder's tag under another session, of which this machine lost the file: both stay, under a tag each. */
  function takeOwnTag(): boolean {
    const { tag, sessionId } = sessionFile.value;
    const suffix = `:${sessionId}`;
    if (tag.endsWith(suffix)) return false;
    log.info("hub.tag_taken", { tag });
    sessionFile.update({ tag: `${tag}${suffix}` });
    return true;
  }

  function connected(): void {
    // The first connection follows right after a registration.
    if (isFirst) first.resolve();
    else void register(FIRST_PAUSE_MS);
    isFirst = false;
    touch();
    backfill().catch((cause: unknown) => log.warn("hub.not_caught_up", { code: toAppError(cause).code, cause }));
  }

  function refused(error: AppError): void {
    if (error.code !== "session_not_found") return;
    isUnknown = true;
    void register(FIRST_PAUSE_MS);
  }

  const off = [link.on("connected", connected), link.on("refused", refused)];
  return {
    open(served) {
      handlers = served;
      void register(FIRST_PAUSE_MS);
    },
    touch,
    async settled() {
      await metadata.settled();
      await state.settled();
    },
    firstConnected: first.promise,
    close() {
      closed = true;
      for (const stop of off) stop();
    },
  };
}
