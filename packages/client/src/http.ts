/**
 * One JSON call over HTTP. Every call has a deadline and takes an abort signal; every failure is an `AppError` with the hub's own code
 * where it gave one. An abort by the caller is thrown as the signal's reason.
 */
import { isRecord } from "@hapi/core";
import { AppError, type ErrorCode, errorCodes, PROTOCOL_HEADER, PROTOCOL_VERSION } from "@hapi/protocol";
import { type Clock, systemClock } from "./clock.ts";

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** Where the hub is, an origin without a trailing slash; a function where it may move: asked before every attempt to reach it. */
export type HubAddress = string | (() => string);

export function addressOf(hubUrl: HubAddress): string {
  return typeof hubUrl === "string" ? hubUrl : hubUrl();
}

export interface HttpOptions {
  baseUrl: HubAddress;
  fetch?: Fetch;
  clock?: Clock;
  /** Sent with every call. */
  headers?: () => Record<string, string>;
}

export interface CallOptions {
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  signal?: AbortSignal;
  timeoutMs?: number;
  headers?: Record<string, string>;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Http {
  /** Where the hub is now. */
  readonly baseUrl: string;
  call(method: Method, path: string, options?: CallOptions): Promise<unknown>;
  /** The answer's body as it comes; failures as in `call`. */
  open(method: Method, path: string, options?: CallOptions): Promise<Response>;
}

export const DEFAULT_TIMEOUT_MS = 20_000;

const codeByStatus: Record<number, ErrorCode> = {
  400: "invalid_body",
  401: "invalid_token",
  403: "access_denied",
  404: "not_found",
  409: "apply_failed",
  413: "body_too_large",
  426: "protocol_mismatch",
  429: "rate_limited",
  501: "not_supported",
  502: "hub_unreachable",
  503: "not_ready",
  504: "timeout",
};

/** From the body of a failed answer. A code that is not in our table is kept in `details.code`. */
export function errorFromBody(status: number, body: unknown): AppError {
  const fields = isRecord(body) ? body : {};
  const { error, code: said, ...details } = fields;
  const known = errorCodes.find((code) => code === said);
  const code = known ?? codeByStatus[status] ?? "internal";
  const message = typeof error === "string" && error !== "" ? error : undefined;
  return new AppError(code, message, { details: { ...details, status, ...(known ? {} : { code: said }) } });
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Someone between us and the hub answered, or something that is no hub.
    throw new AppError("hub_unreachable", "The answer did not come from a HAPI hub", { cause, details: { status: response.status } });
  }
}

function checkVersion(response: Response): void {
  const version = response.headers.get(PROTOCOL_HEADER);
  if (version !== null && version !== String(PROTOCOL_VERSION)) {
    throw new AppError("protocol_mismatch", `The hub speaks protocol ${version}, this HAPI speaks ${PROTOCOL_VERSION}`);
  }
}

export function createHttp(options: HttpOptions): Http {
  const { clock = systemClock } = options;
  const send: Fetch = options.fetch ?? ((input, init) => fetch(input, init));

  async function withDeadline<T>(call: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const deadline = new AppError("timeout");
    const onAbort = (): void => controller.abort(call.signal?.reason);
    if (call.signal?.aborted) onAbort();
    call.signal?.addEventListener("abort", onAbort, { once: true });
    const cancel = clock.setTimer(call.timeoutMs ?? DEFAULT_TIMEOUT_MS, () => controller.abort(deadline));
    try {
      return await work(controller.signal);
    } catch (cause) {
      if (controller.signal.aborted) throw controller.signal.reason;
      throw cause instanceof AppError ? cause : new AppError("hub_unreachable", undefined, { cause });
    } finally {
      cancel();
      call.signal?.removeEventListener("abort", onAbort);
    }
  }

  function url(path: string, query: CallOptions["query"]): string {
    const pairs = Object.entries(query ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
    const baseUrl = addressOf(options.baseUrl);
    return pairs.length === 0 ? `${baseUrl}${path}` : `${baseUrl}${path}?${new URLSearchParams(pairs).toString()}`;
  }

  async function request(method: Method, path: string, call: CallOptions, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { ...options.headers?.(), ...call.headers };
    if (call.body !== undefined) headers["content-type"] = "application/json";
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const response = await send(url(path, call.query), { method, headers, body, signal });
    checkVersion(response);
    if (!response.ok) throw errorFromBody(response.status, await bodyOf(response));
    return response;
  }

  return {
    get baseUrl() {
      return addressOf(options.baseUrl);
    },
    call: (method, path, call = {}) => withDeadline(call, async (signal) => bodyOf(await request(method, path, call, signal))),
    open: (method, path, call = {}) => withDeadline(call, (signal) => request(method, path, call, signal)),
  };
}
