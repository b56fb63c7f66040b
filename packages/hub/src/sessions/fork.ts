/**
 * Forks a conversation, running or not: a new row gets a copy of the history, and a session starts on it, either on a branch of the agent's own
 * thread, which that agent names, or, where a person asks for it, on a new thread that begins with the text of the history.
 */
import { randomUUID } from "node:crypto";
import { positionOf } from "@hapi/core";
import {
  AppError,
  CARRIES_HISTORY,
  type LastStart,
  mayBeginAfter,
  type Metadata,
  type Session,
  type SpawnParams,
  threadKeyOf,
  toAppError,
} from "@hapi/protocol";
import { sandboxOf, sandboxRefusal, startOn } from "../machines/spawn.ts";
import type { MachineStore } from "../machines/store.ts";
import type { MessageStore, PageQuery } from "../messages/store.ts";
import type { MachineRef, Rpc } from "../rpc/rpc.ts";
import type { ActivityWatch } from "./activity-watch.ts";
import { chosenOf, effortOf } from "./chosen.ts";
import { createConversationText } from "./conversation-text.ts";
import { canFork, type OfferDeps, offersHistory, type StartFailure } from "./resume-failure.ts";
import type { SessionStore } from "./store.ts";

/** An agent that takes longer than this to start is believed to be starting still. */
const startedWaitMs = 60_000;

/** Rows are read until the text is full. */
const pageRows = 200;

export interface ForkDeps extends OfferDeps {
  sessions: SessionStore;
  messages: MessageStore;
  machines: MachineStore;
  rpc: Rpc;
  watch: Pick<ActivityWatch, "when">;
  durable(): Promise<void>;
  /** Nothing of it stays on its machine. */
  endDeleted(machine: MachineRef, sessionId: string): Promise<void>;
}

export interface ForkOptions {
  /** Up to and without this prompt. */
  messageLocalId?: string | undefined;
  /** `history`: its agent does not go on from the old one's thread, but is given the text of the conversation. */
  from?: "thread" | "history" | undefined;
}

/** What the new session's agent begins with. */
type Beginning = Pick<SpawnParams, "resumeSessionId" | "forkSession" | "history">;

export class Fork {
  readonly #deps: ForkDeps;

  constructor(deps: ForkDeps) {
    this.#deps = deps;
  }

  async fork(session: Session, { messageLocalId, from = "thread" }: ForkOptions): Promise<string> {
    const { metadata } = session;
    if (!metadata?.machineId) throw new AppError("no_machine_online");
    const machine = { id: metadata.machineId, namespace: session.namespace };
    if (!this.#deps.rpc.has("machine", machine, "spawnHappySession")) throw new AppError("no_machine_online");
    await this.#requireSandbox(metadata, machine.id);
    const beginning = await (from === "history" ? this.#historyOf(session, messageLocalId) : this.#branchOf(session, messageLocalId));
    const forkId = await this.#createRow(session, metadata);
    await this.#deps.messages.copyHistory(session.id, forkId, messageLocalId);
    await this.#deps.durable();
    const started = await this.#start(session, metadata, { forkId, ...beginning });
    if (typeof started === "string") return started;
    await this.#deps.sessions.remove(forkId);
    await this.#deps.endDeleted(machine, forkId);
    const { code, message } = started;
    const offers = from === "thread" && mayBeginAfter(code) && (await offersHistory(this.#deps, session)) ? { offers: ["history"] } : {};
    throw new AppError("spawn_failed", message, { details: { ...(code === undefined ? {} : { cause: code }), ...offers } });
  }

  /** Before there is a row. */
  async #requireSandbox(metadata: Metadata, machineId: string): Promise<void> {
    const refusal = sandboxRefusal(sandboxOf(metadata), { metadata: (await this.#deps.machines.get(machineId))?.metadata ?? null });
    if (refusal) throw refusal;
  }

  /** The id under which it stands: an existing runner may have chosen another. */
  async #start(
    session: Session,
    metadata: Metadata,
    { forkId, ...beginning }: { forkId: string } & Beginning,
  ): Promise<string | StartFailure> {
    const { permissionMode, model } = chosenOf(session);
    const params: SpawnParams = {
      type: "spawn-in-directory",
      directory: metadata.path,
      agent: metadata.flavor ?? undefined,
      existingSessionId: forkId,
      sessionId: forkId,
      ...beginning,
      launchId: forkId,
      originSessionId: session.id,
      ...sandboxOf(metadata),
      ...(permissionMode === undefined ? {} : { permissionMode }),
      ...(model == null ? {} : { model }),
      ...effortOf(session),
    };
    // It was there a moment ago.
    const started = await startOn(this.#deps.rpc, { id: String(metadata.machineId), namespace: session.namespace }, params, { readyMs: 0 });
    if (typeof started !== "string") return started;
    // Of other runners nobody says how the start went; what takes a history is ours.
    const tells = beginning.history !== undefined || metadata.lastStart !== undefined;
    return (tells ? await this.#failedStart(forkId) : undefined) ?? started;
  }

  async #branchOf(session: Session, messageLocalId: string | undefined): Promise<Beginning> {
    try {
      const { nativeSessionId, forkSession } = await this.#threadOf(session, messageLocalId);
      return { resumeSessionId: nativeSessionId, forkSession };
    } catch (cause) {
      const error = toAppError(cause);
      if (error.code !== "not_supported" || !(await offersHistory(this.#deps, session))) throw cause;
      throw new AppError(error.code, error.message, { cause, details: { ...error.details, offers: ["history"] } });
    }
  }

  /** Read from the session's own rows: nobody needs to be there. */
  async #historyOf({ id, metadata, namespace }: Session, messageLocalId: string | undefined): Promise<Beginning> {
    const { messages, machines } = this.#deps;
    const machine = await machines.get(String(metadata?.machineId));
    if (machine?.namespace !== namespace || machine.metadata?.capabilities?.includes(CARRIES_HISTORY) !== true)
      throw new AppError(
        "runner_upgrade_required",
        "The runner on this session's machine can't give its agent a history; update HAPI there",
      );
    const conversation = createConversationText();
    const cut = messageLocalId === undefined ? null : await messages.find(id, messageLocalId);
    let query: PageQuery | null = cut
      ? { direction: "before", limit: pageRows, ...positionOf(cut) }
      : { direction: "latest", limit: pageRows };
    while (query !== null) {
      const { messages: rows, page } = await messages.page(id, query);
      const { nextBeforeAt: at, nextBeforeSeq: seq } = page;
      const goesOn = conversation.addOlder(rows) && page.hasMore && at !== null && seq !== null;
      query = goesOn ? { direction: "before", limit: pageRows, at, seq } : null;
    }
    if (conversation.text === "") throw new AppError("not_supported", "Nothing was said in this session; start a new one instead");
    return { history: conversation.text };
  }

  /** A branch that can't be begun is no branch: whoever asked hears why. */
  async #failedStart(forkId: string): Promise<NonNullable<LastStart["failure"]> | undefined> {
    await this.#deps.watch.when(forkId, (now) => now === null || now.metadata?.lastStart !== undefined, startedWaitMs);
    return (await this.#deps.sessions.get(forkId))?.metadata?.lastStart?.failure;
  }

  /** A living session names it itself; of one that does not run, the hub was told, and its agent's record is where it was. */
  async #threadOf(session: Session, messageLocalId: string | undefined): Promise<{ nativeSessionId: string; forkSession: boolean }> {
    const { metadata, active } = session;
    if (active) {
      const { nativeSessionId, forkSession = false } = await this.#deps.rpc.session(session.id).forkConversation({ messageLocalId });
      return { nativeSessionId, forkSession };
    }
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
      model: chosenOf(session).model ?? null,
      effort: session.effort ?? null,
    });
    if (created.kind === "conflict") throw new AppError("session_conflict");
    return created.session.id;
  }
}
