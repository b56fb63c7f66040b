/** What an answer to a call is: a result, a refusal, or nothing anybody can read. */
import { AppError, errorCodes, type ErrorCode } from "@hapi/protocol";
import type { RpcSpec } from "@hapi/protocol/rpc";
import type * as z from "zod/mini";

/** The other side heard the call and said no, in its own words. */
export class RpcRefusal extends AppError {
  /** The code it gave, where that is one of ours. */
  readonly named: ErrorCode | null;

  constructor(text: string, named: ErrorCode | null, fallback: ErrorCode) {
    super(named ?? fallback, text);
    this.named = named;
  }
}

/** @throws RpcRefusal, or `rpc_result_invalid` */
export function readAnswer<S extends RpcSpec>(spec: S, raw: unknown): z.output<S["result"]> {
  const answer = fromJson(raw);
  const { text, isAside } = errorIn(answer, spec.verdict);
  const result = text === null || isAside ? spec.result.safeParse(answer) : null;
  if (result?.success) return result.data as z.output<S["result"]>;
  if (text !== null) throw new RpcRefusal(text, codeOf(answer), spec.refusal);
  throw new AppError("rpc_result_invalid", undefined, { cause: result?.error });
}

/** The code the other side gave, if it is one of the table. What went wrong inside it is no answer of ours. */
export function codeOf(answer: unknown): ErrorCode | null {
  const code = typeof answer === "object" && answer !== null && "code" in answer ? answer.code : null;
  return typeof code === "string" && isErrorCode(code) && code !== "internal" ? code : null;
}

/** `isAside`: the answer says itself how it went. */
function errorIn(answer: unknown, verdict: string | null): { text: string | null; isAside: boolean } {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return { text: null, isAside: false };
  return { text: typeof answer.error === "string" ? answer.error : null, isAside: verdict !== null && verdict in answer };
}

function fromJson(raw: unknown): unknown {
  if (typeof raw !== "string") return raw;
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    // Not JSON: the text itself is the answer.
    return raw;
  }
}

const knownCodes = new Set<string>(errorCodes);

function isErrorCode(code: string): code is ErrorCode {
  return knownCodes.has(code);
}
