/** The RPC names of a session and what each does. Parameters are parsed by the table; everything behind works with known shapes. */
import { type RpcHandler, servedRpc } from "@hapi/client/link";
import { AppError, type ModelChoice, type OwnDiagnostics } from "@hapi/protocol";
import { type PermissionAnswer, type PermissionParams, sessionRpc } from "@hapi/protocol/rpc";
import { offeredCommands } from "./offered-commands.ts";
import type { Uploads } from "./uploads.ts";

export interface ConfigChange {
  permissionMode?: string;
  model?: string | null;
  effort?: string | null;
  autoRetry?: boolean;
}

export interface SessionActions {
  permission(params: PermissionParams): Promise<PermissionAnswer>;
  wholeRequest(id: string): { tool: string; arguments: unknown; digest: string };
  interrupt(): Promise<void>;
  end(reason: "abort" | "kill" | "handoff"): void;
  switchTo(to: "local" | "remote", now: boolean): Promise<"done" | "waiting">;
  configure(change: ConfigChange): Promise<Record<string, unknown>>;
  retry(): Promise<{ status: "started" | "joined" }>;
  steer(localId: string): Promise<{ steered: boolean }>;
  cancelRetry(): Promise<{ status: "cancelled" | "none" }>;
  fork(): { nativeSessionId: string; forkSession: true };
  diagnostics(): OwnDiagnostics;
  models(): Promise<ModelChoice[]>;
  readonly currentModel: string | null;
  readonly currentEffort: string | null;
  readonly slashCommands: readonly string[];
  readonly uploads: Uploads;
}

type Asked = Omit<ConfigChange, "model"> & { model?: string | object | null; modelReasoningEffort?: string | null };

/** An effort is told under the name of the two that it was asked for by. */
async function configured(actions: SessionActions, { model, modelReasoningEffort, ...others }: Asked): Promise<Record<string, unknown>> {
  if (typeof model === "object" && model !== null) throw new AppError("invalid_body", "Invalid parameters");
  const byOtherName = modelReasoningEffort === undefined ? {} : { effort: modelReasoningEffort };
  const { effort, ...applied } = await actions.configure({ ...(model === undefined ? {} : { model }), ...byOtherName, ...others });
  if (effort === undefined) return applied;
  return { ...applied, [modelReasoningEffort === undefined ? "effort" : "modelReasoningEffort"]: effort };
}

export function sessionRpcs(actions: SessionActions): Record<string, RpcHandler> {
  return servedRpc(sessionRpc, {
    permission: (params) => actions.permission(params),
    wholeRequest: async ({ id }) => actions.wholeRequest(id),
    async abort({ scope }) {
      if (scope === "session") actions.end("abort");
      else await actions.interrupt();
      return { ok: true };
    },
    switch: async ({ to, now }) => ({ ok: true, status: await actions.switchTo(to, now ?? false) }),
    setSessionConfig: async (asked) => ({ applied: await configured(actions, asked) }),
    async killSession() {
      actions.end("kill");
      return { ok: true };
    },
    async handoffLocal() {
      actions.end("handoff");
      return { ok: true };
    },
    async forkConversation({ messageLocalId }) {
      if (messageLocalId !== undefined) throw new AppError("not_supported", "Branching off at an earlier message is not available yet");
      return actions.fork();
    },
    listSlashCommands: async () => ({
      success: true,
      commands: offeredCommands(actions.slashCommands).map((name) => ({ name, source: "builtin" })),
    }),
    listModels: async () => ({
      success: true,
      models: await actions.models(),
      current: actions.currentModel,
      currentEffort: actions.currentEffort,
    }),
    retryTurn: async () => ({ ok: true, ...(await actions.retry()) }),
    steerQueuedMessage: ({ localId }) => actions.steer(localId),
    cancelRetry: async () => ({ ok: true, ...(await actions.cancelRetry()) }),
    diagnostics: async () => actions.diagnostics(),
    uploadFile: async ({ filename, content }) => ({ success: true, path: await actions.uploads.save(filename, content) }),
    async deleteUpload({ path }) {
      await actions.uploads.remove(path);
      return { success: true };
    },
  });
}
