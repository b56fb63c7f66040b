/** What can be said about a session's threads and its last start: asked of its process where that lives, else what the hub was told last. */
import { threadKeyOf, type Session, type SessionDiagnostics } from "@hapi/protocol";
import type { Rpc } from "../rpc/rpc.ts";
import { chosenOf } from "./chosen.ts";

export async function readDiagnostics(rpc: Rpc, session: Session): Promise<SessionDiagnostics> {
  const told = fromRow(session);
  if (!session.active) return told;
  // A process that does not answer is one more reason to say what is known.
  const own = await rpc
    .session(session.id)
    .diagnostics({})
    .catch(() => null);
  if (own === null) return told;
  return { ...own, source: "session", sessionId: session.id, threads: { ...own.threads, hub: told.threads.hub } };
}

function fromRow(session: Session): SessionDiagnostics {
  const { id, metadata, agentState } = session;
  const { permissionMode, model } = chosenOf(session);
  const thread = metadata?.[threadKeyOf(metadata.flavor)];
  const { lastStart = null, flavor = null, autoRetry = false } = metadata ?? {};
  return {
    sessionId: id,
    flavor,
    source: "hub",
    threads: { hub: typeof thread === "string" ? thread : null },
    lastStart,
    host: hostOf(metadata),
    launch: { ...launchOf(metadata), permissionMode: permissionMode ?? null, model: model ?? null },
    environment: metadata?.environment,
    lastFailure: failureOf(metadata),
    autoRetry,
    retry: agentState?.retry ?? null,
  };
}

function hostOf(metadata: Session["metadata"]): SessionDiagnostics["host"] {
  const { machineId = null, host: name = null, hostPid: pid = null } = metadata ?? {};
  return { machineId, name, pid };
}

function launchOf(metadata: Session["metadata"]): Pick<SessionDiagnostics["launch"], "cwd" | "startedBy" | "startingMode"> {
  const { path: cwd = null, startedBy = null, startingMode = null } = metadata ?? {};
  return { cwd, startedBy, startingMode };
}

function failureOf(metadata: Session["metadata"]): SessionDiagnostics["lastFailure"] {
  const { lastStart, lifecycleState, failureCode } = metadata ?? {};
  if (lastStart?.failure) return { ...lastStart.failure, at: lastStart.at };
  return lifecycleState === "failed" && failureCode ? { code: failureCode, message: "" } : null;
}
