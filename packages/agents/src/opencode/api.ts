/**
 * OpenCode's HTTP surface (`/session`, `/permission`, …; its OpenAPI document is at `/doc`). The server listens on loopback, where every user of the
 * machine can knock: each call carries the password this launch was started with.
 */
import { type Clock, LATE, within } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import { fields, filled } from "../shared/read.ts";
import { readEvents } from "./events.ts";

/** Its default name for basic auth; `OPENCODE_SERVER_USERNAME` is taken away from its environment. */
const USER = "opencode";
const CALL_MS = 60_000;

/** It answered, and not with what was asked for. */
export class ApiFailure extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Api {
  get(path: string): Promise<unknown>;
  post(path: string, body?: unknown): Promise<unknown>;
  remove(path: string): Promise<unknown>;
  /** The events of this folder, each as its JSON; ends when the server or `signal` does. */
  events(signal: AbortSignal): AsyncGenerator<unknown>;
}

const gone = () => Promise.reject(new AppError("agent_exited"));
/** Of a server that is gone. */
export const deadApi: Api = {
  get: gone,
  post: gone,
  remove: gone,
  // eslint-disable-next-line require-yield -- there is nothing to say
  async *events() {
    await gone();
  },
};

export interface ApiOptions {
  url: string;
  password: string;
  /** Of the project: the server serves many. */
  directory: string;
  clock: Clock;
}

export function createApi({ url, password, directory, clock }: ApiOptions): Api {
  const authorization = `Basic ${Buffer.from(`${USER}:${password}`).toString("base64")}`;
  const at = (path: string) => `${url}${path}${path.includes("?") ? "&" : "?"}directory=${encodeURIComponent(directory)}`;

  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await within(clock, CALL_MS, async (signal) => {
      const headers = { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) };
      const response = await fetch(at(path), { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      return { status: response.status, text: await response.text() };
    });
    if (answer === LATE) throw new AppError("timeout", `OpenCode did not answer "${method} ${path}" in time`);
    const { status, text } = answer;
    const value = parse(text);
    if (status >= 400) throw new ApiFailure(status, wordsOf(value) ?? `OpenCode answered ${status}`);
    return value;
  }

  return {
    get: (path) => call("GET", path),
    post: (path, body = {}) => call("POST", path, body),
    remove: (path) => call("DELETE", path),
    async *events(signal) {
      const response = await fetch(at("/event"), { headers: { authorization }, signal });
      if (!response.ok || !response.body) throw new ApiFailure(response.status, `OpenCode answered ${response.status}`);
      yield* readEvents(response.body);
    },
  };
}

function parse(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // Its web app answers where it knows no such path.
    throw new ApiFailure(502, `OpenCode answered with something that is no JSON: ${String(cause)}`);
  }
}

/** Two dialects: `{name, data: {message}}` and `{_tag, message}`. */
const wordsOf = (value: unknown): string | undefined =>
  filled(fields(fields(value)["data"])["message"]) ?? filled(fields(value)["message"]);
