/**
 * RPC over the `/cli` socket: what a row of the tables says of a call. On the wire a method is `<session or machine id>:<name>`; parameters and
 * answer are JSON strings; errors are data (`{"error": text, "code"?}`). Every call there is stands in `session.ts` or `machine.ts`.
 */
import * as z from "zod/mini";
import { catch as otherwise } from "zod/mini";
import type { ErrorCode } from "../errors.ts";
import type { Scope } from "../scopes.ts";

export interface RpcSpec<P extends z.ZodMiniType = z.ZodMiniType, R extends z.ZodMiniType = z.ZodMiniType> {
  /** Its name on the wire, behind the id. */
  readonly wire: string;
  /** What whoever asks for it must have. */
  readonly scope: Scope;
  readonly params: P;
  /** What the hub takes for a result: what peers of other make answer, not only what we do. */
  readonly result: R;
  /** How long the hub waits for the answer. */
  readonly timeoutMs: number;
  /** How long it waits before that for the method to be registered; 0: not at all. */
  readonly readyMs: number;
  /** Code of a refusal that names none. */
  readonly refusal: ErrorCode;
  /** Key of a result that says how it went: an answer that has it is a result, also with an `error` beside it. */
  readonly verdict: string | null;
}

/** By the name in code: the one on the wire, in camel case. */
export type RpcTable = Readonly<Record<string, RpcSpec>>;

/** How long the hub waits for an answer where the call says nothing else. */
const TIMEOUT_MS = 30_000;

type Facts<P, R> = { scope: Scope; params: P; result: R } & Partial<Pick<RpcSpec, "timeoutMs" | "readyMs" | "refusal" | "verdict">>;

export function rpc<P extends z.ZodMiniType, R extends z.ZodMiniType>(wire: string, facts: Facts<P, R>): RpcSpec<P, R> {
  return { wire, timeoutMs: TIMEOUT_MS, readyMs: 0, refusal: "apply_failed", verdict: null, ...facts };
}

/** A field of a result that is absent when it is not as it should be. */
export const ifValid = <S extends z.ZodMiniType>(schema: S) => otherwise(z.optional(schema), undefined);

/** A result of which peers answer what they like. */
export const anyResult = <S extends z.ZodMiniType>(fields: S) => otherwise(fields, {} as z.output<S>);

/** A result nobody looks at: that it came is all. */
export const heard = anyResult(z.looseObject({}));

/** A result that is handed on as it came, with `success` or without. */
export const handedOn = z.looseObject({});

export const rpcMethod = (scopeId: string, name: string): string => `${scopeId}:${name}`;
