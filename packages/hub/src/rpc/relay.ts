/**
 * Routes that only carry an RPC: HTTP 200 with `{success:false, error}` when the other side can't be reached or refuses, as existing
 * clients expect it.
 */
import { AppError } from "@hapi/protocol";
import type { Link } from "./links.ts";
import { rpcError, type CallOptions, type Rpc } from "./rpc.ts";

export interface RelayTarget {
  scope: Link["scope"];
  id: string;
}

export async function relay(rpc: Rpc, target: RelayTarget, name: string, params: unknown, options: CallOptions = {}): Promise<object> {
  try {
    const answer = await rpc.call(target.scope, target.id, name, params, options);
    const failure = rpcError(answer);
    if (typeof answer === "object" && answer !== null && !Array.isArray(answer)) {
      return failure !== null && !("success" in answer) ? { success: false, error: failure } : answer;
    }
    return { success: false, error: "The answer could not be read" };
  } catch (cause) {
    if (cause instanceof AppError) return { success: false, error: cause.message, code: cause.code };
    throw cause;
  }
}
