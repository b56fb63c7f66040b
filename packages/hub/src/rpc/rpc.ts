/**
 * RPC towards sessions and machines. A method belongs to the link that registered it and only under that link's own id; when two sockets
 * of one session overlap, the newest answers and the older takes over again if the newest leaves. Readiness is state: `ready` waits for a
 * registration instead of an event that may have passed.
 */
import { type Clock, LATE, within } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { rpcCalls, type RpcSpec } from "@hapi/protocol/rpc";
import type * as z from "zod/mini";
import { readAnswer } from "./answer.ts";
import type { Link } from "./links.ts";

interface Registration {
  link: Link;
  /** As the other side registered it. */
  method: string;
}

/** Methods one socket may register; ours has about twenty, existing CLIs forty. */
const maxPerLink = 200;

/** Where the moment asks for other waits than the table. */
export type CallOptions = Partial<Pick<RpcSpec, "timeoutMs" | "readyMs">>;

type Calls = typeof rpcCalls;
type Scope = keyof Calls;

/** A machine as somebody may reach it: an id that a client names says nothing of whose it is. */
export interface MachineRef {
  readonly id: string;
  /** Of whoever asks. */
  readonly namespace: string;
}

/** Sessions are looked up, and their namespace compared, before anything is asked of them. */
type Target<S extends Scope> = S extends "machine" ? MachineRef : string;

/**
 * One function for each call of a table, not to be taken off it.
 * @throws `rpc_target_missing`, `rpc_timeout`, `agent_away`, `rpc_result_invalid`, or `RpcRefusal`
 */
export type Caller<T> = {
  readonly [N in keyof T]: T[N] extends RpcSpec<infer P, infer R>
    ? (params: z.input<P>, options?: CallOptions) => Promise<z.output<R>>
    : never;
};

export class Rpc {
  readonly #methods = new Map<string, Registration[]>();
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #clock: Clock;
  readonly #check: (spec: RpcSpec) => void;
  readonly #calls: Readonly<Record<Scope, object>>;

  /** `check` throws for a call that may not be made now. */
  constructor(clock: Clock, check: (spec: RpcSpec) => void = () => undefined) {
    this.#clock = clock;
    this.#check = check;
    this.#calls = { session: this.#callsOf("session"), machine: this.#callsOf("machine") };
  }

  /** False when the method is not this link's own. */
  register(link: Link, method: string): boolean {
    const name = ownName(link, method);
    const count = this.#counts.get(link.id) ?? 0;
    if (name === null || count >= maxPerLink) return false;
    const key = ownKey(link, name);
    const others = (this.#methods.get(key) ?? []).filter((entry) => entry.link.id !== link.id);
    if (others.length === (this.#methods.get(key)?.length ?? 0)) this.#counts.set(link.id, count + 1);
    this.#methods.set(key, [...others, { link, method }]);
    for (const wake of this.#waiting.get(key) ?? []) wake();
    return true;
  }

  unregister(link: Link, method: string): void {
    const name = ownName(link, method);
    if (name !== null) this.#drop(ownKey(link, name), link);
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

  /** `rpc.session(id).abort({ reason })` */
  session(id: string): Caller<Calls["session"]> {
    return Object.assign(Object.create(this.#calls.session), { target: id }) as Caller<Calls["session"]>;
  }

  /** `rpc.machine(machine).stopSession({ sessionId })` */
  machine(ref: MachineRef): Caller<Calls["machine"]> {
    return Object.assign(Object.create(this.#calls.machine), { target: ref }) as Caller<Calls["machine"]>;
  }

  has<S extends Scope>(scope: S, target: Target<S>, name: keyof Calls[S]): boolean {
    return this.#methods.has(keyOf(scope, idOf(target), specOf(scope, name)));
  }

  /** True as soon as the method is registered, false when it is not within the time. */
  ready<S extends Scope>(scope: S, target: Target<S>, name: keyof Calls[S], waitMs: number): Promise<boolean> {
    return this.#ready(keyOf(scope, idOf(target), specOf(scope, name)), waitMs);
  }

  async #ready(key: string, waitMs: number): Promise<boolean> {
    if (this.#methods.has(key)) return true;
    if (waitMs <= 0) return false;
    const registered = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(registered.resolve));
    try {
      return (await within(this.#clock, waitMs, registered.promise)) !== LATE;
    } finally {
      waiting.delete(registered.resolve);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    }
  }

  /** The calls of a table, of whoever `this` names: made once, a call costs no more for how many there are. */
  #callsOf(scope: Scope): object {
    const call = this.#call.bind(this);
    const entries = Object.entries<RpcSpec>(rpcCalls[scope]).map(([name, spec]) => [
      name,
      function (this: { target: MachineRef | string }, params: unknown, options?: CallOptions) {
        return call(scope, this.target, spec, params, options);
      },
    ]);
    return Object.fromEntries(entries);
  }

  async #call(scope: Scope, whom: MachineRef | string, spec: RpcSpec, params: unknown, options: CallOptions = {}): Promise<unknown> {
    const key = keyOf(scope, idOf(whom), spec);
    this.#check(spec);
    await this.#ready(key, options.readyMs ?? spec.readyMs);
    this.#check(spec);
    const target = this.#methods.get(key)?.at(-1);
    if (!target)
      throw new AppError("rpc_target_missing", `RPC handler not registered: ${typeof whom === "string" ? whom : whom.id}:${spec.wire}`);
    const request = { method: target.method, params: JSON.stringify(params) };
    const answer = await target.link.request("rpc-request", request, options.timeoutMs ?? spec.timeoutMs);
    return readAnswer(spec, answer);
  }

  #drop(key: string, link: Link): void {
    const left = (this.#methods.get(key) ?? []).filter((entry) => entry.link.id !== link.id);
    if (left.length === 0) this.#methods.delete(key);
    else this.#methods.set(key, left);
  }
}

/** Whether a method that is registered, `<id>:<name>`, is this one. */
export const isCall = (method: string, spec: RpcSpec): boolean => method.endsWith(`:${spec.wire}`);

/** In a key a machine is of its namespace: there is no way to another's. */
const idOf = (target: MachineRef | string): string => (typeof target === "string" ? target : `${target.namespace}/${target.id}`);

const ownKey = ({ scope, scopeId, namespace }: Link, name: string): string =>
  `${scope}:${scope === "machine" ? idOf({ id: scopeId, namespace }) : scopeId}:${name}`;

function keyOf(scope: Scope, scopeId: string, spec: RpcSpec): string {
  return `${scope}:${scopeId}:${spec.wire}`;
}

function specOf<S extends Scope>(scope: S, name: keyof Calls[S]): RpcSpec {
  return rpcCalls[scope][name] as RpcSpec;
}

function ownName(link: Link, method: string): string | null {
  for (const id of [link.spokenId, link.scopeId]) {
    if (method.startsWith(`${id}:`) && method.length > id.length + 1 && method.length <= 300) return method.slice(id.length + 1);
  }
  return null;
}
