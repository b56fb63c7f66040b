/** Forks a conversation, running or not: the agent names the thread to branch from, a new row gets a copy of the history, and a session starts on it. */
import { randomUUID } from "node:crypto";
import { AppError, type LastStart, type Metadata, type Session, spawnResultSchema, threadKeyOf } from "@hapi/protocol";
import type { MessageStore } from "../messages/store.ts";
import { codeOf, rpcError, type Rpc } from "../rpc/rpc.ts";
import type { ActivityWatch } from "./activity-watch.ts";
import type { SessionControl } from "./control.ts";
import { canFork } from "./resume-failure.ts";
import type { SessionStore } from "./store.ts";

const spawnTimeoutMs = 60_000;
/** An agent that takes longer than this to start is believed to be starting still. */
const startedWaitMs = 60_000;

export interface ForkDeps {
  sessions: SessionStore;
  messages: MessageStore;
  control: SessionControl;
  rpc: Rpc;
  watch: Pick<ActivityWatch, "when">;
  durable(): Promise<void>;
}

export class Fork {
  readonly #deps: ForkDeps;

  constructor(deps: ForkDeps) {
    this.#deps = deps;
  }

  async fork(session: Session, messageLocalId: string | undefined): Promise<string> {
    const { metadata } = session;
    if (!metadata?.machineId) throw new AppError("no_machine_online");
    if (!this.#deps.rpc.has("machine", metadata.machineId, "spawn-happy-session")) throw new AppError("no_machine_online");
    const thread = await this.#threadOf(session, messageLocalId);
    const forkId = await this.#createRow(session, metadata);
    await this.#deps.messages.copyHistory(session.id, forkId, messageLocalId);
    await this.#deps.durable();
    const params = {
      type: "spawn-in-directory",
      directory: metadata.path,
      agent: metadata.flavor,
      existingSessionId: forkId,
      sessionId: forkId,
      resumeSessionId: thread.nativeSessionId,
      forkSession: thread.forkSession,
      launchId: forkId,
      ...(session.permissionMode === undefined ? {} : { permissionMode: session.permissionMode }),
      ...(session.model == null ? {} : { model: session.model }),
    };
    const answer = await this.#deps.rpc.call("machine", metadata.machineId, "spawn-happy-session", params, { timeoutMs: spawnTimeoutMs });
    const result = spawnResultSchema.safeParse(answer);
    if (result.success && result.data.type === "success") {
      const failure = metadata.lastStart === undefined ? undefined : await this.#failedStart(forkId);
      if (!failure) return result.data.sessionId;
      await this.#deps.sessions.remove(forkId);
      throw new AppError("spawn_failed", failure.message, { details: { cause: failure.code } });
    }
    await this.#deps.sessions.remove(forkId);
    const reason = result.success && result.data.type === "error" ? (result.data.errorMessage ?? result.data.message) : rpcError(answer);
    const cause = codeOf(answer);
    throw new AppError("spawn_failed", reason ?? undefined, { details: cause === null ? {} : { cause } });
  }

  /** A branch that can't be begun is no branch: whoever asked hears why. */
  async #failedStart(forkId: string): Promise<NonNullable<LastStart["failure"]> | undefined> {
    await this.#deps.watch.when(forkId, (now) => now === null || now.metadata?.lastStart !== undefined, startedWaitMs);
    return (await this.#deps.sessions.get(forkId))?.metadata?.lastStart?.failure;
  }

  /** A living session names it itself; of one that does not run, the hub was told, and its agent's record is where it was. */
  async #threadOf(session: Session, messageLocalId: string | undefined): Promise<{ nativeSessionId: string; forkSession: boolean }> {
    if (session.active) return readThread(await this.#deps.control.fork(session, messageLocalId));
    const { metadata } = session;
    if (!canFork(session)) throw new AppError("not_supported", "This conversation can't be branched off");
    if (messageLocalId !== undefined) throw new AppError("session_inactive", "Resume the session to branch off at an earlier message");
    return { nativeSessionId: String(metadata?.[threadKeyOf(metadata.flavor)]), forkSession: true };
  }

  async #createRow(session: Session, metadata: Metadata): Promise<string> {
    const id = randomUUID();
    const { path, host, flavor, machineId, summary, name } = metadata;
    const kept = { path, host, flavor, machineId, summary, name, forkedFrom: session.id, lifecycleState: "initializing" };
    const created = await this.#deps.sessions.create({
      id,
      namespace: session.namespace,
      tag: `fork:${id}`,
      metadata: JSON.parse(JSON.stringify(kept)) as Metadata,
      agentState: null,
      model: session.model ?? null,
      effort: session.effort ?? null,
    });
    if (created.kind === "conflict") throw new AppError("session_conflict");
    return created.session.id;
  }
}

function readThread(answer: unknown): { nativeSessionId: string; forkSession: boolean } {
  if (typeof answer === "object" && answer !== null && "nativeSessionId" in answer && typeof answer.nativeSessionId === "string")
    return { nativeSessionId: answer.nativeSessionId, forkSession: "forkSession" in answer && answer.forkSession === true };
  throw new AppError("apply_failed", "The session did not name a conversation to fork");
}
