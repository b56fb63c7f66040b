/** Starts a session on a machine. The answer is always data: existing clients read `type`, not the status. */
import { AppError, normalizePermissionMode, type Machine, spawnResultSchema } from "@hapi/protocol";
import { codeOf, rpcError, type Rpc } from "../rpc/rpc.ts";

const timeoutMs = 60_000;
/** A runner registers its methods right after it connected. */
const readyMs = 2_000;

export interface SpawnRequest {
  directory: string;
  agent: string;
  permissionMode?: string | undefined;
  yolo?: boolean | undefined;
  model?: string | null | undefined;
  [more: string]: unknown;
}

export type SpawnAnswer = { type: "success"; sessionId: string } | { type: "error"; message: string; code?: string };

export async function spawnOnMachine(rpc: Rpc, machine: Machine, request: SpawnRequest): Promise<SpawnAnswer> {
  const params: Record<string, unknown> = { ...request, type: "spawn-in-directory", forkSession: false };
  if (request.permissionMode !== undefined) {
    const mode = normalizePermissionMode(request.agent, request.permissionMode);
    if (mode === null) throw new AppError("invalid_mode");
    params["permissionMode"] = mode;
  }
  for (const [key, value] of Object.entries(params)) if (value === undefined || value === null) delete params[key];
  try {
    const answer = await rpc.call("machine", machine.id, "spawn-happy-session", params, {
      timeoutMs,
      readyMs: machine.active ? readyMs : 0,
    });
    return readAnswer(answer);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const error = cause.code === "rpc_target_missing" ? new AppError("machine_offline", undefined, { cause }) : cause;
    return { type: "error", message: error.message, code: error.code };
  }
}

function readAnswer(answer: unknown): SpawnAnswer {
  const result = spawnResultSchema.safeParse(answer);
  const code = codeOf(answer) ?? "spawn_failed";
  if (!result.success) return { type: "error", message: rpcError(answer) ?? "The runner's answer could not be read", code };
  const { data } = result;
  if (data.type === "success") return { type: "success", sessionId: data.sessionId };
  if (data.type === "error") return { type: "error", message: data.errorMessage ?? data.message ?? "Could not start the session", code };
  return { type: "error", message: `The directory does not exist: ${data.directory}`, code: "directory_missing" };
}
