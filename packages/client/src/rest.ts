/**
 * Every REST call of the client plane that HAPI serves, typed. Answers are read tolerantly: entries of a list that don't fit are left out,
 * an answer of another shape is `protocol_mismatch`. A refused token is renewed once, then the call is made once more.
 */
import { isRecord } from "@hapi/core";
import {
  agentAvailabilitySchema,
  AppError,
  type CancelResult,
  type Machine,
  machineSchema,
  messageSchema,
  type MessagesResponse,
  messagesResponseSchema,
  parser,
  type RetryMessageResult,
  type SendMessage,
  type Session,
  type SessionDiagnostics,
  sessionSchema,
  type SessionSummary,
  sessionSummarySchema,
  type SpawnResult,
  type SteerResult,
  spawnResultSchema,
  type WaitingPrompts,
  waitingPromptsSchema,
} from "@hapi/protocol";
import * as z from "zod/mini";
import { createTokenKeeper, type TokenKeeperOptions } from "./auth.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type CallOptions, createHttp, type Fetch, type HubAddress, type Method } from "./http.ts";
import { permissionCalls } from "./permission-calls.ts";

export interface HubApiOptions extends Pick<TokenKeeperOptions, "accessToken" | "onRenewed" | "onSignedOut"> {
  baseUrl: HubAddress;
  fetch?: Fetch;
  clock?: Clock;
}

export interface PageQuery {
  limit?: number;
  before?: { at: number; seq: number };
  after?: { at: number; seq: number };
  until?: { at: number; seq: number };
  epoch?: number;
}

export interface SpawnRequest {
  directory: string;
  agent?: string;
  model?: string | null;
  permissionMode?: string;
  yolo?: boolean;
  sessionType?: "simple" | "worktree";
  worktreeName?: string;
  startingMode?: string;
  /** The same id twice starts one session. */
  launchId?: string;
}

export interface DirectoryEntry {
  name: string;
  type: "file" | "directory" | "other";
  isGitRepo?: boolean;
}

export interface SlashCommand {
  name: string;
  description?: string;
  source?: string;
}

/** Waking a session, spawning and switching wait for a machine. */
const SLOW_MS = 90_000;
/** Uploads and sends with images. */
const UPLOAD_MS = 120_000;

const many = <T>(read: (input: unknown) => T | null, input: unknown): T[] =>
  (Array.isArray(input) ? input : []).flatMap((entry) => read(entry) ?? []);
const readSummary = parser(sessionSummarySchema);
const readSession = parser(sessionSchema);
const readMachine = parser(machineSchema);
const readMessage = parser(messageSchema);
const readWaiting = parser(waitingPromptsSchema);
const readPage = parser(z.looseObject({ messages: z.array(z.unknown()), page: messagesResponseSchema.shape.page }));
const readSpawn = parser(spawnResultSchema);
const readAvailability = parser(agentAvailabilitySchema);
const readCommand = parser(z.looseObject({ name: z.string(), description: z.optional(z.string()), source: z.optional(z.string()) }));
const readModel = parser(z.looseObject({ id: z.string(), name: z.optional(z.string()) }));
const readEntry = parser(
  z.looseObject({ name: z.string(), type: z.enum(["file", "directory", "other"]), isGitRepo: z.optional(z.boolean()) }),
);

function fields(input: unknown): Record<string, unknown> {
  return isRecord(input) ? { ...input } : {};
}

function expected<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new AppError("protocol_mismatch", "The hub answered in a shape this HAPI does not know");
  return value;
}

/** RPC-wrapped routes answer 200 with `success: false`. */
function succeeded(input: unknown): Record<string, unknown> {
  const answer = fields(input);
  if (answer.success === false) throw new AppError("apply_failed", typeof answer.error === "string" ? answer.error : undefined);
  return answer;
}

export type HubApi = ReturnType<typeof createHubApi>;

export function createHubApi(options: HubApiOptions) {
  const { clock = systemClock } = options;
  const http = createHttp({ baseUrl: options.baseUrl, fetch: options.fetch, clock });
  const tokens = createTokenKeeper({ ...options, http, clock });

  async function authorized<T>(call: CallOptions, make: (call: CallOptions) => Promise<T>): Promise<T> {
    const once = async (): Promise<T> => {
      const token = await tokens.current();
      try {
        return await make({ ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } });
      } catch (cause) {
        if (cause instanceof AppError && cause.status === 401) tokens.refused(token);
        throw cause;
      }
    };
    try {
      return await once();
    } catch (cause) {
      const isStale = cause instanceof AppError && (cause.code === "invalid_token" || cause.code === "missing_token");
      if (!isStale || options.accessToken() === null) throw cause;
      return once();
    }
  }

  /** Any call of the plane, with the token. */
  const request = (method: Method, path: string, call: CallOptions = {}): Promise<unknown> =>
    authorized(call, (withToken) => http.call(method, path, withToken));
  const open = (method: Method, path: string, call: CallOptions = {}): Promise<Response> =>
    authorized(call, (withToken) => http.open(method, path, withToken));

  const sessionPath = (id: string, rest = ""): string => `/api/sessions/${encodeURIComponent(id)}${rest}`;
  const machinePath = (id: string, rest = ""): string => `/api/machines/${encodeURIComponent(id)}${rest}`;
  const messagePath = (id: string, messageId: string, rest = ""): string =>
    sessionPath(id, `/messages/${encodeURIComponent(messageId)}${rest}`);
  const post = async (path: string, body: unknown, timeoutMs?: number): Promise<Record<string, unknown>> =>
    fields(await request("POST", path, { body, timeoutMs }));

  return {
    /** Where the hub is now. */
    get baseUrl(): string {
      return http.baseUrl;
    },
    request,
    open,
    /** Forget the JWT, after the access token changed. */
    signOut: (): void => tokens.clear(),
    /** For Socket.IO and other doors that take the JWT itself. */
    token: (): Promise<string> => tokens.current(),
    health: async (): Promise<Record<string, unknown>> => fields(await http.call("GET", "/health", { timeoutMs: 5_000 })),

    sessions: {
      async list(signal?: AbortSignal): Promise<SessionSummary[]> {
        return many(readSummary, fields(await request("GET", "/api/sessions", { signal })).sessions);
      },
      /** Newest first; `cursor` as the last page said, empty for the first. `next` null: that was all. */
      async page(cursor: string, limit: number, signal?: AbortSignal): Promise<{ sessions: SessionSummary[]; next: string | null }> {
        const answer = fields(await request("GET", "/api/sessions", { query: { cursor, limit }, signal }));
        // a hub that does not know pages gave everything
        return { sessions: many(readSummary, answer.sessions), next: typeof answer.nextCursor === "string" ? answer.nextCursor : null };
      },
      async get(id: string, signal?: AbortSignal): Promise<Session> {
        return expected(readSession(fields(await request("GET", sessionPath(id), { signal })).session));
      },
      rename: (id: string, name: string) => request("PATCH", sessionPath(id), { body: { name } }),
      setSummary: (id: string, text: string) => request("PATCH", sessionPath(id, "/summary"), { body: { text } }),
      pin: (id: string, mode: "none" | "project" | "global") => request("PUT", sessionPath(id, "/pin"), { body: { mode } }),
      /** Up to then it was seen. `back`: unread again from there on. */
      seen: (id: string, at: number, back = false) => request("PUT", sessionPath(id, "/seen"), { body: { at, ...(back ? { back } : {}) } }),
      archive: (id: string, reason?: string) => post(sessionPath(id, "/archive"), { reason }),
      /** Back into the lists, without starting it. */
      unarchive: (id: string) => post(sessionPath(id, "/unarchive"), {}),
      remove: (id: string) => request("DELETE", sessionPath(id)),
      /** @returns the id under which it runs */
      async resume(id: string, body: { permissionMode?: string } = {}): Promise<string> {
        const { sessionId } = await post(sessionPath(id, "/resume"), body, SLOW_MS);
        return typeof sessionId === "string" ? sessionId : id;
      },
      async reopen(id: string): Promise<string> {
        const { sessionId } = await post(sessionPath(id, "/reopen"), {}, SLOW_MS);
        return typeof sessionId === "string" ? sessionId : id;
      },
      /** Interrupts the running turn. */
      abort: (id: string) => post(sessionPath(id, "/abort"), {}),
      /** Ends the agent. */
      end: (id: string) => post(sessionPath(id, "/abort"), { scope: "session" }, SLOW_MS),
      switchControl: (id: string, to: "remote" | "local", now = false) =>
        post(sessionPath(id, "/switch"), now ? { to, now } : { to }, SLOW_MS),
      /** The failed turn once more on the same conversation. */
      retry: (id: string) => post(sessionPath(id, "/retry"), {}, SLOW_MS),
      /** Turns that a provider's error failed are tried again by themselves, or not any more. */
      setAutoRetry: (id: string, enabled: boolean) => post(sessionPath(id, "/auto-retry"), { enabled }, SLOW_MS),
      /** The try that is planned does not happen. */
      stopRetry: (id: string) => request("DELETE", sessionPath(id, "/retry")),
      /** `from: "history"`: on a thread of its own, whose agent is given the text of the conversation. */
      async fork(id: string, options: { messageLocalId?: string; from?: "thread" | "history" } = {}): Promise<string> {
        return expected((await post(sessionPath(id, "/fork"), options, UPLOAD_MS)).sessionId as string | undefined);
      },
      /** As it came; who shows it reads it with `sessionDiagnosticsSchema`, which most pages never need. */
      async diagnostics(id: string): Promise<SessionDiagnostics> {
        return expected((await request("GET", sessionPath(id, "/diagnostics"), { timeoutMs: SLOW_MS })) as SessionDiagnostics | null);
      },
      setPermissionMode: (id: string, mode: string) => post(sessionPath(id, "/permission-mode"), { mode }, SLOW_MS),
      setModel: (id: string, model: string | null) => post(sessionPath(id, "/model"), { model }, SLOW_MS),
      setEffort: (id: string, effort: string | null) => post(sessionPath(id, "/effort"), { effort }, SLOW_MS),
      async slashCommands(id: string): Promise<SlashCommand[]> {
        return many(readCommand, succeeded(await request("GET", sessionPath(id, "/slash-commands"))).commands);
      },
      async models(id: string): Promise<{ id: string; name: string }[]> {
        const { models } = succeeded(await request("GET", sessionPath(id, "/models"), { timeoutMs: SLOW_MS }));
        return many(readModel, models).map((model) => ({ id: model.id, name: model.name ?? model.id }));
      },
      /** `content` in base64. */
      async upload(
        id: string,
        file: { filename: string; mimeType: string; content: string },
        signal?: AbortSignal,
      ): Promise<{ path: string }> {
        const call = { body: file, timeoutMs: UPLOAD_MS, signal };
        const { path } = succeeded(await request("POST", sessionPath(id, "/upload"), call));
        return { path: expected(typeof path === "string" ? path : null) };
      },
      /** In base64. The session's own directory and its uploads; the machine has a limit. */
      async readFile(id: string, path: string): Promise<string> {
        const { content } = succeeded(
          await request("GET", sessionPath(id, `/file?path=${encodeURIComponent(path)}`), { timeoutMs: SLOW_MS }),
        );
        return expected(typeof content === "string" ? content : null);
      },
      deleteUpload: (id: string, path: string) => post(sessionPath(id, "/upload/delete"), { path }),
    },

    prompts: {
      /** What waits in the hub's queues, and for what. `not_found`: a hub that can't say. */
      async waiting(signal?: AbortSignal): Promise<WaitingPrompts> {
        return expected(readWaiting(await request("GET", "/api/prompts/waiting", { signal })));
      },
    },

    messages: {
      async page(id: string, query: PageQuery = {}, signal?: AbortSignal): Promise<MessagesResponse> {
        const { limit, before, after, until, epoch } = query;
        const params = {
          limit,
          beforeAt: before?.at,
          beforeSeq: before?.seq,
          afterAt: after?.at,
          afterSeq: after?.seq,
          untilAt: until?.at,
          untilSeq: until?.seq,
          epoch: after ? epoch : undefined,
        };
        const found = expected(readPage(await request("GET", sessionPath(id, "/messages"), { query: params, signal })));
        return { messages: many(readMessage, found.messages), page: found.page };
      },
      /** Repeatable by `localId`. */
      send: (id: string, body: SendMessage, signal?: AbortSignal): Promise<unknown> =>
        request("POST", sessionPath(id, "/messages"), { body, signal, timeoutMs: body.attachments?.length ? UPLOAD_MS : undefined }),
      async cancel(id: string, idOrLocalId: string): Promise<CancelResult> {
        return expected((await request("DELETE", messagePath(id, idOrLocalId))) as CancelResult | null);
      },
      async steer(id: string, idOrLocalId: string): Promise<SteerResult> {
        return expected(
          (await request("POST", messagePath(id, idOrLocalId, "/steer"), { body: {}, timeoutMs: SLOW_MS })) as SteerResult | null,
        );
      },
      /** A prompt whose fate is unknown, once more. */
      async retry(id: string, idOrLocalId: string): Promise<RetryMessageResult> {
        return expected((await request("POST", messagePath(id, idOrLocalId, "/retry"), { body: {} })) as RetryMessageResult | null);
      },
      queuedState: (id: string, localIds: readonly string[]) => post(sessionPath(id, "/messages/queued-state"), { localIds }),
    },

    permissions: permissionCalls(request, sessionPath),

    machines: {
      /** Online ones; all of them with `all`. */
      async list(query: { all?: boolean } = {}, signal?: AbortSignal): Promise<Machine[]> {
        const answer = await request("GET", "/api/machines", { query: query.all ? { all: 1 } : {}, signal });
        return many(readMachine, fields(answer).machines);
      },
      rename: (id: string, displayName: string) => request("PATCH", machinePath(id), { body: { displayName } }),
      async spawn(id: string, body: SpawnRequest): Promise<SpawnResult> {
        return expected(readSpawn(await request("POST", machinePath(id, "/spawn"), { body, timeoutMs: SLOW_MS })));
      },
      async listDirectory(id: string, path: string, includeHidden = false): Promise<DirectoryEntry[]> {
        return many(readEntry, succeeded(await post(machinePath(id, "/list-directory"), { path, includeHidden })).entries);
      },
      async pathsExist(id: string, paths: readonly string[]): Promise<Record<string, boolean>> {
        return fields((await post(machinePath(id, "/paths/exists"), { paths })).exists) as Record<string, boolean>;
      },
      async agentAvailability(id: string) {
        return expected(readAvailability(await request("GET", machinePath(id, "/agent-availability"), { timeoutMs: SLOW_MS }))).agents;
      },
      restartRunner: (id: string) => post(machinePath(id, "/restart-runner"), {}),
    },

    setVisibility: (subscriptionId: string, visibility: "visible" | "hidden") => post("/api/visibility", { subscriptionId, visibility }),
  };
}
