/** The RPC names of a session and what each does. Parameters are parsed here, once; everything behind works with known shapes. */
import * as z from "zod/mini";
import type { RpcHandler } from "@hapi/client/link";
import { AppError, sessionRpc } from "@hapi/protocol";
import { offeredCommands } from "./offered-commands.ts";
import type { PermissionParams } from "./permission-answer.ts";
import type { Uploads } from "./uploads.ts";

export interface ConfigChange {
  permissionMode?: string;
  model?: string | null;
  autoRetry?: boolean;
}

export interface SessionActions {
  permission(params: PermissionParams): Promise<unknown>;
  interrupt(): Promise<void>;
  end(reason: "abort" | "kill" | "handoff"): void;
  switchTo(to: "local" | "remote", now: boolean): Promise<"done" | "waiting">;
  configure(change: ConfigChange): Promise<Record<string, unknown>>;
  retry(): Promise<{ status: "started" | "joined" }>;
  steer(localId: string): Promise<{ steered: boolean }>;
  cancelRetry(): Promise<{ status: "cancelled" | "none" }>;
  fork(): { nativeSessionId: string; forkSession: true };
  diagnostics(): unknown;
  models(): Promise<{ id: string; name: string }[]>;
  readonly currentModel: string | null;
  readonly slashCommands: readonly string[];
  readonly uploads: Uploads;
}

function taking<S extends z.ZodMiniType>(schema: S, handle: (params: z.output<S>) => Promise<unknown>): RpcHandler {
  return async (raw) => {
    const parsed = schema.safeParse(raw ?? {});
    if (!parsed.success) throw new AppError("invalid_body", "Invalid parameters");
    return handle(parsed.data);
  };
}

export function sessionRpcs(actions: SessionActions): Record<keyof typeof sessionRpc, RpcHandler> {
  return {
    permission: taking(sessionRpc.permission, (params) => actions.permission(params)),
    abort: taking(sessionRpc.abort, async (params) => {
      if (params.scope === "session") actions.end("abort");
      else await actions.interrupt();
      return { ok: true };
    }),
    switch: taking(sessionRpc.switch, async (params) => ({ ok: true, status: await actions.switchTo(params.to, params.now ?? false) })),
    "set-session-config": taking(sessionRpc["set-session-config"], async (params) => ({ applied: await actions.configure(params) })),
    killSession: taking(sessionRpc.killSession, async () => {
      actions.end("kill");
      return { ok: true };
    }),
    "handoff-local": taking(sessionRpc["handoff-local"], async () => {
      actions.end("handoff");
      return { ok: true };
    }),
    "fork-conversation": taking(sessionRpc["fork-conversation"], async (params) => {
      if (params.messageLocalId !== undefined)
        throw new AppError("not_supported", "Branching off at an earlier message is not available yet");
      return actions.fork();
    }),
    listSlashCommands: taking(sessionRpc.listSlashCommands, async () => ({
      success: true,
      commands: offeredCommands(actions.slashCommands).map((name) => ({ name, source: "builtin" })),
    })),
    "list-models": taking(sessionRpc["list-models"], async () => ({
      success: true,
      models: await actions.models(),
      current: actions.currentModel,
    })),
    "retry-turn": taking(sessionRpc["retry-turn"], async () => {
      return { ok: true, ...(await actions.retry()) };
    }),
    "steer-queued-message": taking(sessionRpc["steer-queued-message"], ({ localId }) => actions.steer(localId)),
    "cancel-retry": taking(sessionRpc["cancel-retry"], async () => ({ ok: true, ...(await actions.cancelRetry()) })),
    diagnostics: taking(sessionRpc.diagnostics, async () => actions.diagnostics()),
    uploadFile: taking(sessionRpc.uploadFile, async (params) => ({
      success: true,
      path: await actions.uploads.save(params.filename, params.content),
    })),
    deleteUpload: taking(sessionRpc.deleteUpload, async (params) => {
      await actions.uploads.remove(params.path);
      return { success: true };
    }),
  };
}
