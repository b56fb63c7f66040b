/** Forks a conversation: the agent names the thread to branch from, a new row gets a copy of the history, and a session starts on it. */
import { randomUUID } from "node:crypto";
import { AppError, type Metadata, type Session, spawnResultSchema } from "@hapi/protocol";
import type { MessageStore } from "../messages/store.ts";
import { rpcError, type Rpc } from "../rpc/rpc.ts";
import type { SessionControl } from "./control.ts";
import type { SessionStore } from "./store.ts";

const spawnTimeoutMs = 60_000;

export interface ForkDeps {
  sessions: SessionStore;
  messages: MessageStore;
  control: SessionControl;
  rpc: Rpc;
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
    const thread = readThread(await this.#deps.control.fork(session, messageLocalId));
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
    if (result.success && result.data.type === "success") return result.data.sessionId;
    await this.#deps.sessions.remove(forkId);
    const reason = result.success && result.data.type === "error" ? (result.data.errorMessage ?? result.data.message) : rpcError(answer);
    throw new AppError("spawn_failed", reason ?? undefined);
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
