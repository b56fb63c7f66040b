/** `/cli/*`: what a CLI and a runner ask for over HTTP. Raw access token, protocol header on every answer (also on errors). */
import { isRecord } from "@hapi/core";
import { ignore } from "@hapi/platform";
import {
  AppError,
  CLEAR_STEPS,
  createMachineBody,
  createSessionBody,
  machineMetadataSchema,
  metadataSchema,
  type AgentState,
  type MachineMetadata,
  type Metadata,
  type RunnerState,
} from "@hapi/protocol";
import { Hono } from "hono";
import type * as z from "zod/mini";
import type { MachineStore } from "../../machines/store.ts";
import type { MessageStore } from "../../messages/store.ts";
import { RpcRefusal } from "../../rpc/answer.ts";
import type { MachineRef, Rpc } from "../../rpc/rpc.ts";
import { isWithin, type Reach, type SessionAccess } from "../../sessions/access.ts";
import { isStartedAfter, type StopStore } from "../../sessions/stops.ts";
import type { NewSession, SessionStore } from "../../sessions/store.ts";
import type { CliEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import { firstUserText, resumeTarget } from "./resume-target.ts";

const maxBackfill = 200;
const handoffWaitMs = 15_000;

export interface CliRouteDeps {
  access: SessionAccess;
  sessions: SessionStore;
  stops: StopStore;
  messages: MessageStore;
  machines: MachineStore;
  rpc: Rpc;
  now: () => number;
  durable(): Promise<void>;
  /** A process of a deleted session is still about: its machine ends and forgets it. */
  endDeleted(machine: MachineRef, sessionId: string): Promise<void>;
  /** A deleted session is started anew: what its machine has of it stays. */
  keepDeleted(sessionId: string): Promise<void>;
  whenInactive(sessionId: string, waitMs: number): Promise<boolean>;
}

export function cliRoutes(deps: CliRouteDeps): Hono<CliEnv> {
  const app = new Hono<CliEnv>();
  sessionRoutes(app, deps);
  resumeRoutes(app, deps);
  machineRoutes(app, deps);
  return app;
}

function createRoute(app: Hono<CliEnv>, deps: CliRouteDeps): void {
  const { sessions, stops, machines, now, durable } = deps;
  app.post("/sessions", needs("session:act"), async (c) => {
    const actor = c.get("actor");
    const body = await readBody(c, createSessionBody);
    const metadata = body.metadata == null ? null : (parsed(metadataSchema, body.metadata) as Metadata);
    await checkOwnMachine(deps, actor, { id: body.id, metadata });
    if (body.machine) await registerMachine(machines, actor, body.machine);
    if (body.id !== undefined) await refuseDeleted(deps, actor.namespace, { id: body.id, metadata });
    const created = await sessions.create(newSession(body, actor.namespace, metadata));
    // A tag finds the session that has it, whosever that is.
    if (created.kind === "conflict" || !isWithin(actor, created.session)) throw new AppError("session_conflict");
    const stop = await stops.get(created.session.id);
    // A row that was just made has no past.
    const isNew = created.kind === "created" || (stop && isStartedAfter(stop, metadata, created.session.metadata, now()));
    if (stop && isNew) await stops.clear(stop.sessionId);
    await durable();
    return c.json({ session: created.session, sessionSummaryContract: false });
  });
}

function newSession(body: z.output<typeof createSessionBody>, namespace: string, metadata: Metadata | null): NewSession {
  return {
    ...(body.id === undefined ? {} : { id: body.id }),
    namespace,
    tag: body.tag,
    metadata,
    agentState: isRecord(body.agentState) ? (body.agentState as AgentState) : null,
    model: body.model ?? null,
    modelReasoningEffort: body.modelReasoningEffort ?? null,
    effort: body.effort ?? null,
  };
}

function sessionRoutes(app: Hono<CliEnv>, deps: CliRouteDeps): void {
  const { access, sessions, messages, now } = deps;
  createRoute(app, deps);
  app.get("/sessions/resumable", needs("session:act"), async (c) => {
    const machineId = c.req.query("machineId");
    const actor = c.get("actor");
    const list = await sessions.list(actor.namespace);
    const found = list
      .filter((session) => isWithin(actor, session))
      .filter((session) => machineId === undefined || session.metadata?.machineId === machineId)
      .sort((a, b) => b.updatedAt - a.updatedAt)
      .flatMap((session) => {
        const target = resumeTarget(session);
        return target ? [{ session, target }] : [];
      });
    const resumable = await Promise.all(
      found.map(async ({ session, target }) => {
        const firstUserMessage = await firstUserText(messages, session.id);
        return {
          ...target,
          updatedAt: session.updatedAt,
          ...(session.metadata?.name === undefined ? {} : { name: session.metadata.name }),
          ...(session.metadata?.summary === undefined ? {} : { summary: session.metadata.summary.text }),
          ...(firstUserMessage === null ? {} : { firstUserMessage }),
        };
      }),
    );
    return c.json({ sessions: resumable });
  });
  app.get("/sessions/:id", needs("session:act"), async (c) =>
    c.json({ session: await access.session(c.get("actor"), c.req.param("id")), sessionSummaryContract: false }),
  );
  app.get("/sessions/:id/messages", needs("session:act"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const afterSeq = wholeNumber(c.req.query("afterSeq"));
    const limit = c.req.query("limit") === undefined ? maxBackfill : wholeNumber(c.req.query("limit"));
    if (afterSeq === null || limit === null || limit < 1) throw new AppError("invalid_query");
    const rows = await messages.since(session.id, afterSeq, Math.min(limit, maxBackfill), now());
    const prompts = rows.flatMap(({ localId, invokedAt }) => (localId !== null && invokedAt == null ? [localId] : []));
    await messages.markSent(session.id, prompts);
    return c.json({ messages: rows });
  });
}

/** Which session is asked for, and what it says of itself. */
interface Registered {
  id?: string | undefined;
  metadata: Metadata | null;
}

/** What speaks for one machine begins sessions of that machine only. */
async function checkOwnMachine({ sessions }: CliRouteDeps, actor: Reach, { id, metadata }: Registered): Promise<void> {
  if (actor.machineId === undefined) return;
  if (metadata?.machineId !== actor.machineId) throw new AppError("machine_access_denied");
  const known = id === undefined ? null : await sessions.get(id);
  if (known && !isWithin(actor, known)) throw new AppError("session_access_denied");
}

/** A deleted session stays deleted for the process that was it; somebody who starts anew in its folder gets a new row. */
async function refuseDeleted(deps: CliRouteDeps, namespace: string, { id, metadata }: Registered & { id: string }): Promise<void> {
  const stop = await deps.stops.get(id);
  if (stop?.kind !== "deleted" || stop.namespace !== namespace) return;
  if (isStartedAfter(stop, metadata, null, deps.now())) return deps.keepDeleted(id);
  const machine = metadata?.machineId === undefined ? null : await deps.machines.get(metadata.machineId);
  if (machine?.namespace === namespace) ignore(deps.endDeleted(machine, id), "said in the log");
  throw new AppError("session_not_found");
}

function resumeRoutes(app: Hono<CliEnv>, { access, rpc, whenInactive }: CliRouteDeps): void {
  app.get("/sessions/:id/resume-target", needs("session:act"), async (c) => {
    const target = resumeTarget(await access.session(c.get("actor"), c.req.param("id")));
    if (!target) throw new AppError("resume_unavailable");
    return c.json({ target });
  });
  app.post("/sessions/:id/handoff-local", needs("session:act"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    if (!session.active) return c.json({ ok: true });
    if (session.agentState?.controlledByUser === true) throw new AppError("already_local");
    await rpc
      .session(session.id)
      .handoffLocal({})
      .catch((cause: unknown) => {
        // Whether it ends is seen below, whatever it says.
        if (!(cause instanceof RpcRefusal)) throw new AppError("handoff_failed", undefined, { cause });
      });
    if (!(await whenInactive(session.id, handoffWaitMs))) throw new AppError("handoff_failed");
    return c.json({ ok: true });
  });
  for (const step of CLEAR_STEPS) {
    app.post(`/sessions/:id/${step}`, needs("session:act"), async (c) => {
      await access.session(c.get("actor"), c.req.param("id"));
      throw new AppError("clear_unavailable");
    });
  }
  app.post("/sessions/:id/migrate-to-acp", needs("session:act"), async (c) => {
    await access.session(c.get("actor"), c.req.param("id"));
    return c.json({ ok: false, reason: "not_supported", ...new AppError("not_supported").toBody() }, 501);
  });
}

function machineRoutes(app: Hono<CliEnv>, { access, machines, durable }: CliRouteDeps): void {
  app.post("/machines", needs("machine:act"), async (c) => {
    const body = await readBody(c, createMachineBody);
    const machine = await registerMachine(machines, c.get("actor"), body);
    await durable();
    return c.json({ machine });
  });
  app.get("/machines/:id", needs("machine:act"), async (c) => c.json({ machine: await access.machine(c.get("actor"), c.req.param("id")) }));
}

async function registerMachine(
  machines: MachineStore,
  { namespace, machineId }: Reach,
  body: { id: string; metadata?: unknown; runnerState?: unknown },
): Promise<object> {
  if (machineId !== undefined && machineId !== body.id) throw new AppError("machine_access_denied");
  const metadata = body.metadata == null ? null : parsed(machineMetadataSchema, body.metadata);
  const registered = await machines.register({
    id: body.id,
    namespace,
    metadata: metadata as MachineMetadata | null,
    runnerState: isRecord(body.runnerState) ? (body.runnerState as RunnerState) : null,
  });
  if (registered.kind === "denied") throw new AppError("machine_access_denied");
  return registered.machine;
}

function parsed<T>(
  schema: { safeParse(input: unknown): { success: true; data: T } | { success: false; error: { issues: unknown } } },
  input: unknown,
): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new AppError("invalid_body", undefined, { details: { issues: result.error.issues } });
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
