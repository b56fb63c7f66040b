/** The RPC names of a runner and what each does. */
import { type RpcHandler, servedRpc } from "@hapi/client/link";
import type { AgentAvailability, AppError, SpawnParams } from "@hapi/protocol";
import { machineRpc } from "@hapi/protocol/rpc";
import type { Logger } from "@hapi/platform";
import { listDirectory, pathsExist } from "./directories.ts";
import { forgetSession } from "./forget.ts";
import type { Launched } from "./launches.ts";
import { endSession } from "./living-sessions.ts";

export interface RunnerRpcDeps {
  home: string;
  /** Folders that may be looked into; none: all. */
  roots: readonly string[];
  launch(params: SpawnParams): Promise<Launched>;
  availability(): Promise<AgentAvailability>;
  stop(): void;
  log: Logger;
}

export function runnerRpcs({ home, roots, launch, availability, stop, log }: RunnerRpcDeps): Record<string, RpcHandler> {
  /** What the contract has a result for; anything else is thrown. */
  function failed(error: AppError, name: keyof typeof machineRpc): object | null {
    if (name === "listDirectory") return { success: false, error: error.message };
    if (name !== "spawnHappySession") return null;
    log.warn("runner.spawn_failed", { code: error.code, reason: error.message, cause: String(error.cause ?? "") });
    return { type: "error", errorMessage: error.message, code: error.code };
  }

  return servedRpc(
    machineRpc,
    {
      spawnHappySession: async (params) => ({ type: "success", sessionId: (await launch(params)).sessionId }),
      stopSession: async ({ sessionId }) => ({ status: await endSession(home, sessionId) }),
      forgetSession: async ({ sessionId }) => ({ status: await forgetSession(home, sessionId) }),
      listDirectory: async ({ path, includeHidden }) => ({ success: true, ...(await listDirectory(path, { roots, includeHidden })) }),
      pathExists: async ({ paths }) => ({ exists: await pathsExist(paths, roots) }),
      agentAvailability: availability,
      async stopRunner() {
        stop();
        return { message: "The runner restarts; its sessions go on." };
      },
    },
    failed,
  );
}
