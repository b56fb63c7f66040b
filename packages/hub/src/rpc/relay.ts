/**
 * Routes that only carry an RPC: HTTP 200 with `{success:false, error}` when the other side can't be reached or refuses, as existing
 * clients expect it.
 */
import { AppError } from "@hapi/protocol";
import { RpcRefusal } from "./answer.ts";

export async function relayed(call: Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
  try {
    return await call;
  } catch (cause) {
    if (cause instanceof RpcRefusal) return { success: false, error: cause.message };
    if (cause instanceof AppError) return { success: false, error: cause.message, code: cause.code };
    throw cause;
  }
}
