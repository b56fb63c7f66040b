/**
 * Calls of the client plane and their answers, read tolerantly: entries of a list that don't fit are left out. A refused token is renewed once; where the
 * hub wants to know who asks, the person is asked, and the call made again.
 */
import { isRecord } from "@hapi/core";
import { AppError } from "@hapi/protocol";
import type { TokenKeeper } from "./auth.ts";
import type { CallOptions, Http, Method } from "./http.ts";

/** Waking a session, spawning and switching wait for a machine; an agent may be slow to take an answer. */
export const SLOW_MS = 90_000;
/** Uploads and sends with images. */
export const UPLOAD_MS = 120_000;

export interface Ask {
  /** Any call of the plane, with the token. */
  request(method: Method, path: string, call?: CallOptions): Promise<unknown>;
  open(method: Method, path: string, call?: CallOptions): Promise<Response>;
  post(path: string, body: unknown, timeoutMs?: number): Promise<Record<string, unknown>>;
}

export interface Person {
  canSignIn(): boolean;
  /** Asks them to prove that it is them; false: they did not. Absent: there is nobody to ask. */
  prove?: () => Promise<boolean>;
}

export function createAsk(http: Http, tokens: TokenKeeper, { canSignIn, prove }: Person): Ask {
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
      const code = cause instanceof AppError ? cause.code : null;
      const isStale = (code === "invalid_token" || code === "missing_token") && canSignIn();
      const isProved = code === "step_up_required" && (await prove?.());
      if (!isStale && !isProved) throw cause;
      return once();
    }
  }

  const request: Ask["request"] = (method, path, call = {}) => authorized(call, (withToken) => http.call(method, path, withToken));
  return {
    request,
    open: (method, path, call = {}) => authorized(call, (withToken) => http.open(method, path, withToken)),
    post: async (path, body, timeoutMs) => fields(await request("POST", path, { body, timeoutMs })),
  };
}

export const sessionPath = (id: string, rest = ""): string => `/api/sessions/${encodeURIComponent(id)}${rest}`;

export const many = <T>(read: (input: unknown) => T | null, input: unknown): T[] =>
  (Array.isArray(input) ? input : []).flatMap((entry) => read(entry) ?? []);

export function fields(input: unknown): Record<string, unknown> {
  return isRecord(input) ? { ...input } : {};
}

/** @throws AppError `protocol_mismatch` */
export function expected<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new AppError("protocol_mismatch", "The hub answered in a shape this HAPI does not know");
  return value;
}

/** RPC-wrapped routes answer 200 with `success: false`. */
export function succeeded(input: unknown): Record<string, unknown> {
  const answer = fields(input);
  if (answer.success === false) throw new AppError("apply_failed", typeof answer.error === "string" ? answer.error : undefined);
  return answer;
}
