/** The REST half of a link: `/cli/*`, with the access token itself. */
import { AppError, type Machine, machineSchema, type Message, messageSchema, parser, type Session, sessionSchema } from "@hapi/protocol";
import * as z from "zod/mini";
import type { Clock } from "../clock.ts";
import { createHttp, type Fetch, type HubAddress } from "../http.ts";

export type { HubAddress } from "../http.ts";

export interface CliRestOptions {
  hubUrl: HubAddress;
  token: string;
  clock: Clock;
  fetch?: Fetch;
  extraHeaders?: Record<string, string>;
}

const sessionAnswer = parser(z.looseObject({ session: sessionSchema }));
const machineAnswer = parser(z.looseObject({ machine: machineSchema }));
const messagesAnswer = parser(z.looseObject({ messages: z.array(messageSchema) }));

function expected<T>(value: T | null): T {
  if (value === null) throw new AppError("protocol_mismatch", "The hub answered in a shape this HAPI does not know");
  return value;
}

export interface Registration {
  id: string;
  tag: string;
  metadata: unknown;
  agentState: unknown;
  model?: string | null;
}

/** Most rows one backfill call may ask for. */
export const MAX_BACKFILL = 200;

export function createCliRest(options: CliRestOptions) {
  const { call } = createHttp({
    baseUrl: options.hubUrl,
    fetch: options.fetch,
    clock: options.clock,
    headers: () => ({ ...options.extraHeaders, authorization: `Bearer ${options.token}` }),
  });
  const session = async (id: string, signal?: AbortSignal): Promise<Session> =>
    expected(sessionAnswer(await call("GET", `/cli/sessions/${encodeURIComponent(id)}`, { signal }))).session;
  return {
    /**
     * Creates the row or finds it; an existing row comes back as it is. A row of this very id that the hub made (a branch) or another program
     * began stands under a tag we can't know: the id counts. `session_not_found` means one thing only: a person deleted it there.
     */
    async createSession(registration: Registration, signal?: AbortSignal): Promise<Session> {
      try {
        return expected(sessionAnswer(await call("POST", "/cli/sessions", { body: registration, signal }))).session;
      } catch (cause) {
        if (!(cause instanceof AppError) || cause.code !== "session_conflict") throw cause;
        return await session(registration.id, signal).catch(() => {
          throw cause;
        });
      }
    },
    session,
    /** Rows after `afterSeq`, oldest first. */
    async messagesAfter(id: string, afterSeq: number, limit: number, signal?: AbortSignal): Promise<Message[]> {
      const query = { afterSeq, limit: Math.min(limit, MAX_BACKFILL) };
      return expected(messagesAnswer(await call("GET", `/cli/sessions/${encodeURIComponent(id)}/messages`, { query, signal }))).messages;
    },
    async createMachine(body: { id: string; metadata: unknown; runnerState?: unknown }, signal?: AbortSignal): Promise<Machine> {
      return expected(machineAnswer(await call("POST", "/cli/machines", { body, signal }))).machine;
    },
    /** `{target}` or `{sessions}` as the hub gives them, for resume and hand-off commands. */
    get: (path: `/cli/${string}`, signal?: AbortSignal): Promise<unknown> => call("GET", path, { signal }),
    post: (path: `/cli/${string}`, body: unknown, signal?: AbortSignal): Promise<unknown> => call("POST", path, { body, signal }),
  };
}
export type CliRest = ReturnType<typeof createCliRest>;
