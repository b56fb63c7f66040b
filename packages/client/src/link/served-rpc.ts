/** What a session or a runner answers, by the table of its calls: one handler for each, with parameters that are parsed and a result of the right shape. */
import { AppError, toAppError } from "@hapi/protocol";
import type { RpcSpec, RpcTable } from "@hapi/protocol/rpc";
import type * as z from "zod/mini";
import type { RpcHandler } from "./connection.ts";

export type RpcHandlers<T> = {
  readonly [N in keyof T]: T[N] extends RpcSpec<infer P, infer R> ? (params: z.output<P>) => Promise<z.input<R>> : never;
};

/**
 * By the names on the wire. A failure, also of parameters that are none (`invalid_body`), is thrown, and goes back as `{error, code}`; `failed`
 * makes a result of it where the contract has one for this call, else null.
 */
export function servedRpc<T extends RpcTable>(
  table: T,
  handlers: RpcHandlers<T>,
  failed: (error: AppError, name: keyof T) => object | null = () => null,
): Record<string, RpcHandler> {
  const served = (name: keyof T, spec: RpcSpec): RpcHandler =>
    async function answer(raw) {
      try {
        const params = spec.params.safeParse(raw ?? {});
        if (!params.success) throw new AppError("invalid_body", "Invalid parameters");
        return await (handlers[name] as (params: unknown) => Promise<unknown>)(params.data);
      } catch (cause) {
        const result = failed(toAppError(cause), name);
        if (result === null) throw cause;
        return result;
      }
    };
  return Object.fromEntries(Object.entries<RpcSpec>(table).map(([name, spec]) => [spec.wire, served(name, spec)]));
}
