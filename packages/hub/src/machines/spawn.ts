/** Starts a session on a machine. The answer is always data: existing clients read `type`, not the status. */
import {
  AppError,
  type ErrorCode,
  MAKES_SANDBOXES,
  normalizePermissionMode,
  type Machine,
  type Metadata,
  type SpawnParams,
  type SpawnResult,
} from "@hapi/protocol";
import { codeOf, RpcRefusal } from "../rpc/answer.ts";
import type { CallOptions, MachineRef, Rpc } from "../rpc/rpc.ts";

export interface SpawnRequest {
  directory: string;
  agent: string;
  permissionMode?: string | undefined;
  yolo?: boolean | undefined;
  model?: string | null | undefined;
  sandbox?: { network: boolean } | undefined;
  [more: string]: unknown;
}

export type SpawnAnswer = { type: "success"; sessionId: string } | { type: "error"; message: string; code?: string };

/** A machine that can't make the sandbox would start the agent without. */
export function sandboxRefusal({ sandbox }: Pick<SpawnParams, "sandbox">, { metadata }: Pick<Machine, "metadata">): AppError | null {
  if (!sandbox || metadata?.capabilities?.includes(MAKES_SANDBOXES)) return null;
  return new AppError("sandbox_unavailable", "This machine can't make a sandbox: it needs Linux, bubblewrap and a runner of this version.");
}

/** What runs in one is woken in one, also by a machine that has lost its files, and so are its branches. */
export const sandboxOf = (metadata: Pick<Metadata, "sandbox"> | null | undefined): Pick<SpawnParams, "sandbox"> =>
  metadata?.sandbox ? { sandbox: { network: metadata.sandbox.network } } : {};

export async function spawnOnMachine(rpc: Rpc, machine: Machine, request: SpawnRequest): Promise<SpawnAnswer> {
  const refusal = sandboxRefusal(request, machine);
  if (refusal) throw refusal;
  const params: SpawnParams = { ...request, type: "spawn-in-directory", forkSession: false };
  if (request.permissionMode !== undefined) {
    const mode = normalizePermissionMode(request.agent, request.permissionMode);
    if (mode === null) throw new AppError("invalid_mode");
    params.permissionMode = mode;
  }
  for (const [key, value] of Object.entries(params)) if (value === undefined || value === null) delete params[key];
  try {
    return answerOf(await rpc.machine(machine).spawnHappySession(params, machine.active ? {} : { readyMs: 0 }));
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const isAway = cause.code === "rpc_target_missing" && !(cause instanceof RpcRefusal);
    const error = isAway ? new AppError("machine_offline", undefined, { cause }) : cause;
    return { type: "error", message: error.message, code: error.code };
  }
}

/**
 * The id of what was started, or why nothing was, with the runner's own code where it gave one.
 * @throws when the machine was not reached, or did not answer in time
 */
export async function startOn(
  rpc: Rpc,
  machine: MachineRef,
  params: SpawnParams,
  options?: CallOptions,
): Promise<string | { code: ErrorCode | undefined; message: string | undefined }> {
  try {
    const result = await rpc.machine(machine).spawnHappySession(params, options);
    if (result.type === "success") return result.sessionId;
    const message = result.type === "error" ? (result.errorMessage ?? result.message) : undefined;
    return { code: codeOf(result) ?? undefined, message };
  } catch (cause) {
    if (cause instanceof RpcRefusal) return { code: cause.named ?? undefined, message: cause.message };
    if (cause instanceof AppError && cause.code === "rpc_result_invalid") return { code: cause.code, message: cause.message };
    throw cause;
  }
}

function answerOf(result: SpawnResult): SpawnAnswer {
  switch (result.type) {
    case "success":
      return { type: "success", sessionId: result.sessionId };
    case "error": {
      const message = result.errorMessage ?? result.message ?? "Could not start the session";
      return { type: "error", message, code: codeOf(result) ?? "spawn_failed" };
    }
    case "requestToApproveDirectoryCreation":
      return { type: "error", message: `The directory does not exist: ${result.directory}`, code: "directory_missing" };
  }
}
