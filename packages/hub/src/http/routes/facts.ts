/** `GET /api/sessions/:id/facts`: what a session's rows mean, oldest first; whoever missed events of caps `facts` reads on from the last place. */
import { AppError } from "@hapi/protocol";
import { Hono } from "hono";
import type { EventLog } from "../../events/event-log.ts";
import { firstPlace, type FactStore } from "../../facts/store.ts";
import type { SessionAccess } from "../../sessions/access.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";

const defaultLimit = 50;
const maxLimit = 200;

export function factRoutes(deps: { access: SessionAccess; facts: FactStore; log: EventLog }): Hono<ApiEnv> {
  const { access, facts, log } = deps;
  const app = new Hono<ApiEnv>();
  app.get("/sessions/:id/facts", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { after: from, epoch: known, limit: most } = c.req.query();
    const limit = whole("limit", most) ?? defaultLimit;
    if (limit < 1 || limit > maxLimit) throw invalid(`limit must be between 1 and ${maxLimit}`);
    const after = whole("after", from) ?? firstPlace;
    const page = await facts.ofSession(session.id, after, limit);
    const epoch = epochOf(page.epoch);
    // Places of another numbering say nothing here: everything is read again.
    const reset = known !== undefined && known !== epoch;
    const { facts: found, next, hasMore } = reset ? await facts.ofSession(session.id, firstPlace, limit) : page;
    return c.json({
      facts: found.map(({ place, at, seq, facts: said }) => ({ place, at, ...(seq === null ? {} : { seq }), facts: said })),
      page: { next, hasMore, epoch, reset },
    });
  });
  /** Of the log's places and of the session's rows. */
  const epochOf = (ofRows: number): string => `${log.epoch}:${ofRows}`;
  return app;
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^-?\d{1,16}$/.test(text)) throw invalid(`${name} must be a whole number`);
  return Number(text);
}

function invalid(message: string): AppError {
  return new AppError("invalid_query", undefined, { details: { issues: [{ message }] } });
}
