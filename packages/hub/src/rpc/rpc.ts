/**
 * RPC towards sessions and machines. A method belongs to the link that registered it and only under that link's own id; when two sockets
 * of one session overlap, the newest answers and the older takes over again if the newest leaves. Readiness is state: `ready` waits for a
 * registration instead of an event that may have passed.
 */
import type { Clock } from "@hapi/platform";
import { AppError, errorCodes, RPC_TIMEOUT_MS, type ErrorCode } from "@hapi/protocol";
import type { Link } from "./links.ts";

interface Registration {
  link: Link;
  /** As the other side registered it. */
  method: string;
}

/** Methods one socket may register; ours has about twenty, existing CLIs forty. */
const maxPerLink = 200;

export interface CallOptions {
  timeoutMs?: number;
  /** Wait this long for the method to be registered. */
  readyMs?: number;
}

export class Rpc {
  readonly #methods = new Map<string, Registration[]>();
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False when the method is not this link's own. */
  register(link: Link, method: string): boolean {
    const name = ownName(link, method);
    const count = this.#counts.get(link.id) ?? 0;
    if (name === null || count >= maxPerLink) return false;
    const key = `${link.scope}:${link.scopeId}:${name}`;
    const others = (this.#methods.get(key) ?? []).filter((entry) => entry.link.id !== link.id);
    if (others.length === (this.#methods.get(key)?.length ?? 0)) this.#counts.set(link.id, count + 1);
    this.#methods.set(key, [...others, { link, method }]);
    for (const wake of this.#waiting.get(key) ?? []) wake();
    return true;
  }

  unregister(link: Link, method: string): void {
    const name = ownName(link, method);
    if (name !== null) this.#drop(`${link.scope}:${link.scopeId}:${name}`, link);
  }

  unregisterAll(link: Link): void {
    for (const key of this.#methods.keys()) this.#drop(key, link);
    this.#counts.delete(link.id);
  }

  /** After a merge: what the second row's links registered is found under the first. */
  move(fromSessionId: string, toSessionId: string): void {
    const from = `session:${fromSessionId}:`;
    for (const [key, entries] of this.#methods) {
      if (!key.startsWith(from)) continue;
      this.#methods.delete(key);
      const target = `session:${toSessionId}:${key.slice(from.length)}`;
      this.#methods.set(target, [...(this.#methods.get(target) ?? []), ...entries]);
    }
  }

  has(scope: Link["scope"], scopeId: string, name: string): boolean {
    return this.#methods.has(`${scope}:${scopeId}:${name}`);
  }

  /** True as soon as the method is registered, false when it is not within the time. */
  ready(scope: Link["scope"], scopeId: string, name: string, waitMs: number): Promise<boolean> {
    if (this.has(scope, scopeId, name)) return Promise.resolve(true);
    if (waitMs <= 0) return Promise.resolve(false);
    const key = `${scope}:${scopeId}:${name}`;
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      const finish = (isReady: boolean) => {
        cancel();
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(key);
        resolve(isReady);
      };
      const wake = () => finish(true);
      const cancel = this.#clock.setTimer(waitMs, () => finish(false));
      waiting.add(wake);
      this.#waiting.set(key, waiting);
    });
  }

  /** Errors of the other side are data (`{error}`) and come back as such; missing target and timeout throw. */
  async call(scope: Link["scope"], scopeId: string, name: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    await this.ready(scope, scopeId, name, options.readyMs ?? 0);
    const target = this.#methods.get(`${scope}:${scopeId}:${name}`)?.at(-1);
    if (!target) throw new AppError("rpc_target_missing", `RPC handler not registered: ${scopeId}:${name}`);
    const request = { method: target.method, params: JSON.stringify(params ?? {}) };
    const answer = await target.link.request("rpc-request", request, options.timeoutMs ?? RPC_TIMEOUT_MS);
    return parseAnswer(answer);
  }

  #drop(key: string, link: Link): void {
    const left = (this.#methods.get(key) ?? []).filter((entry) => entry.link.id !== link.id);
    if (left.length === 0) this.#methods.delete(key);
    else this.#methods.set(key, left);
  }
}

function ownName(link: Link, method: string): string | null {
  for (const id of [link.spokenId, link.scopeId]) {
    if (method.startsWith(`${id}:`) && method.length > id.length + 1 && method.length <= 300) return method.slice(id.length + 1);
  }
  return null;
}

function parseAnswer(answer: unknown): unknown {
  if (typeof answer !== "string") return answer;
  try {
    return JSON.parse(answer) as unknown;
  } catch {
    // Not JSON: the text itself is the answer.
    return answer;
  }
}

/** The error text inside a successful answer, if there is one. */
export function rpcError(answer: unknown): string | null {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return null;
  return typeof answer.error === "string" ? answer.error : null;
}

/** The error inside a successful answer: with its own code when the other side named one, else with `fallback`. */
export function rpcFailure(answer: unknown, fallback: ErrorCode): AppError | null {
  const text = rpcError(answer);
  if (text === null) return null;
  return new AppError(codeOf(answer) ?? fallback, text);
}

/** The code the other side gave, if it is one of the table. What went wrong inside it is no answer of ours. */
export function codeOf(answer: unknown): ErrorCode | null {
  const code = typeof answer === "object" && answer !== null && "code" in answer ? answer.code : null;
  return typeof code === "string" && isErrorCode(code) && code !== "internal" ? code : null;
}

const knownCodes = new Set<string>(errorCodes);

function isErrorCode(code: string): code is ErrorCode {
  return knownCodes.has(code);
}
