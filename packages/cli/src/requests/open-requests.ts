/**
 * What agents ask right now, in full: what was told shortened is fetched whole, since nobody may allow what they have not seen. Each has a handle,
 * its id and the beginning of the digest of what it asks; who allows it says both, so that a yes is for exactly what was shown.
 */
import type { HubApi, WholeRequest } from "@hapi/client";
import { createTimeline, type TimelineRequest } from "@hapi/core";
import { type AgentState, AppError, type Session, type SessionSummary, toAppError } from "@hapi/protocol";

/** Of the digest, in a handle: nothing else that is asked can be made to begin so. */
const DIGEST_CHARS = 16;
const HANDLE = new RegExp(`^(.+)@([0-9a-f]{${DIGEST_CHARS},64})$`);

export interface OpenRequest {
  sessionId: string;
  /** The name somebody gave it, else the agent's own title. */
  session: string | null;
  request: TimelineRequest;
  handle: string;
  /** Why only a part of what is asked is here; null: all of it is. */
  cut: AppError | null;
}

export const handleOf = ({ id, digest }: Pick<TimelineRequest, "id" | "digest">): string =>
  digest === null ? id : `${id}@${digest.slice(0, DIGEST_CHARS)}`;

/** Of these sessions, the oldest of each first. One that was deleted meanwhile asks nothing. */
export async function openRequests(api: HubApi, sessions: readonly SessionSummary[]): Promise<OpenRequest[]> {
  const found: OpenRequest[] = [];
  for (const { id, pendingRequestsCount } of sessions) {
    const session = pendingRequestsCount > 0 ? await api.sessions.get(id).catch(nullIfGone) : null;
    if (session) found.push(...(await requestsOf(api, session)));
  }
  return found;
}

function nullIfGone(cause: unknown): null {
  if (toAppError(cause).code === "session_not_found") return null;
  throw cause;
}

async function requestsOf(api: HubApi, session: Session): Promise<OpenRequest[]> {
  const open = timelineRequests(session.agentState, session).filter(({ sent }) => sent === null);
  const { name, summary } = session.metadata ?? {};
  return Promise.all(
    open.map(async (told): Promise<OpenRequest> => {
      const whole = told.shortened ? await api.permissions.whole(session.id, told.id).catch((cause: unknown) => toAppError(cause)) : null;
      const request = whole === null || whole instanceof AppError ? told : withAll(session, told, whole);
      const cut = whole instanceof AppError ? whole : null;
      return { sessionId: session.id, session: name ?? summary?.text ?? null, request, handle: handleOf(request), cut };
    }),
  );
}

const timelineRequests = (agentState: AgentState | null | undefined, { metadata }: Session): readonly TimelineRequest[] =>
  createTimeline().update({ messages: [], agentState: agentState ?? null, root: metadata?.path ?? null }).requests;

function withAll(session: Session, told: TimelineRequest, { tool, arguments: input, digest }: WholeRequest): TimelineRequest {
  const asked = session.agentState?.requests?.[told.id];
  const whole = { ...asked, tool, arguments: input, digest, shortened: false };
  return timelineRequests({ requests: { [told.id]: whole } }, session)[0] ?? told;
}

/** The one that a handle, an id or the beginning of one means. `seen`: what the handle says of what was shown; null: it was only named. */
export function pickRequest(wanted: string, open: readonly OpenRequest[]): { found: OpenRequest; seen: string | null } {
  const [, idOfHandle, digest] = HANDLE.exec(wanted) ?? [];
  const id = idOfHandle ?? wanted;
  const exact = open.filter(({ request }) => request.id === id);
  const fitting = exact.length > 0 ? exact : open.filter(({ request }) => id !== "" && request.id.startsWith(id));
  const [found] = fitting;
  if (!found) throw new AppError("request_not_found", `Nothing that begins with "${id}" is asked any more. See: hapi requests`);
  if (fitting.length > 1)
    throw new AppError("invalid_query", `"${id}" fits ${fitting.length} requests; give more of it. See: hapi requests`);
  return { found, seen: digest ?? null };
}
