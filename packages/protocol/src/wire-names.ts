/**
 * Wire names that carry an agent's name: one route and one RPC per agent for the same thing, as existing clients call them. Ours is one RPC
 * (`list-models`) for all; these serve existing clients.
 */
import type { Flavor } from "./flavors.ts";

export interface CatalogName {
  /** Last part of `GET /api/sessions/:id/…` or `GET /api/machines/:id/…`. */
  readonly path: string;
  readonly rpc: string;
  /** Only sessions of this agent answer; another one is 400. */
  readonly flavor: string;
}

export const SESSION_CATALOGS = [
  { path: "codex-models", rpc: "listCodexModels", flavor: "codex" },
  { path: "opencode-models", rpc: "listOpencodeModels", flavor: "opencode" },
  { path: "cursor-models", rpc: "listCursorModels", flavor: "cursor" },
  { path: "grok-models", rpc: "listGrokModels", flavor: "grok" },
  { path: "copilot-models", rpc: "listCopilotModels", flavor: "copilot" },
  { path: "pi-models", rpc: "listPiModels", flavor: "pi" },
  { path: "opencode-reasoning-effort-options", rpc: "listOpencodeReasoningEffortOptions", flavor: "opencode" },
  { path: "grok-reasoning-effort-options", rpc: "listGrokReasoningEffortOptions", flavor: "grok" },
  { path: "opencode-model-variants", rpc: "listOpencodeModelVariants", flavor: "opencode" },
] as const satisfies readonly CatalogName[];

export interface MachineCatalogName {
  readonly path: string;
  readonly rpc: string;
  /** The query must name a directory. */
  readonly needsCwd: boolean;
  /** A missing handler is 503 `rpc_target_missing` instead of 200 with `success:false`. */
  readonly strict: boolean;
}

export const MACHINE_CATALOGS = [
  { path: "agy-models", rpc: "listAgyModels", needsCwd: false, strict: false },
  { path: "pi-models", rpc: "listPiModelsForMachine", needsCwd: false, strict: true },
  { path: "codex-models", rpc: "listCodexModels", needsCwd: false, strict: true },
  { path: "cursor-models", rpc: "listCursorModels", needsCwd: false, strict: false },
  { path: "opencode-models", rpc: "listOpencodeModelsForCwd", needsCwd: true, strict: false },
  { path: "grok-models", rpc: "listGrokModelsForCwd", needsCwd: true, strict: false },
  { path: "copilot-models", rpc: "listCopilotModelsForCwd", needsCwd: true, strict: false },
  { path: "opencode-model-variants", rpc: "listOpencodeModelVariants", needsCwd: true, strict: true },
] as const satisfies readonly MachineCatalogName[];

export interface AgentSettingName {
  readonly path: string;
  /** In `set-session-config`. */
  readonly field: string;
  readonly body: string;
  readonly flavors: readonly Flavor[];
}

/** Session settings that exist for some agents only: `POST /api/sessions/:id/<path>` of existing clients. */
export const AGENT_SETTINGS: readonly AgentSettingName[] = [
  { path: "effort", field: "effort", body: "effort", flavors: ["claude", "grok", "pi"] },
  { path: "model-reasoning-effort", field: "modelReasoningEffort", body: "modelReasoningEffort", flavors: ["codex", "opencode"] },
  { path: "service-tier", field: "serviceTier", body: "serviceTier", flavors: ["codex"] },
  { path: "collaboration-mode", field: "collaborationMode", body: "mode", flavors: ["codex"] },
  { path: "copilot-agent-mode", field: "copilotAgentMode", body: "mode", flavors: ["copilot"] },
];

/** Under which of the two names a session's effort stands: in its row, its sign of life, and what it is started with. */
export const effortField = (flavor: string | null | undefined): "effort" | "modelReasoningEffort" =>
  AGENT_SETTINGS.some(({ field, flavors }) => field === "modelReasoningEffort" && flavors.some((known) => known === flavor))
    ? "modelReasoningEffort"
    : "effort";

/** Steps of the durable replacement of a session that one agent's `/clear` needs; refused for now. */
export const CLEAR_STEPS = ["clear-opencode/reserve", "clear-opencode/confirm-cleanup", "clear-opencode/abort", "clear-opencode"] as const;

/** Planes of single agents that we answer with a stated refusal. */
export const AGENT_PLANES = ["/codex/*", "/pi/*"] as const;
export const AGENT_SESSION_ACTIONS = ["codex/plan/implement", "migrate-to-acp"] as const;
export const AGENT_STORE_STATUS = "cursor-chat-store" as const;
