/** HAPI's permission modes and Codex's policies: who is asked (`approvalPolicy`), what a command may touch (`sandbox`), and the plan collaboration. */
import { isRecord } from "@hapi/core";
import { fields, filled, text } from "../shared/read.ts";

export const MODES = ["default", "read-only", "safe-yolo", "yolo", "plan"] as const;

interface Policy {
  approvalPolicy: "on-request" | "never";
  /** `thread/start` and `thread/resume` take this word, with what the person's own configuration says of it. */
  sandbox: "workspace-write" | "read-only" | "danger-full-access";
  /** `thread/settings/update` takes the policy whole. */
  type: "workspaceWrite" | "readOnly" | "dangerFullAccess";
}

const policies: Readonly<Record<string, Policy>> = {
  default: { approvalPolicy: "on-request", sandbox: "workspace-write", type: "workspaceWrite" },
  "read-only": { approvalPolicy: "on-request", sandbox: "read-only", type: "readOnly" },
  "safe-yolo": { approvalPolicy: "never", sandbox: "workspace-write", type: "workspaceWrite" },
  yolo: { approvalPolicy: "never", sandbox: "danger-full-access", type: "dangerFullAccess" },
};

/** What of a thread's settings decides; kept so that a change of one leaves the others as the person has them. */
export interface ThreadSettings {
  model: string;
  effort: string | null;
  approvalPolicy: unknown;
  sandbox: unknown;
  isPlan: boolean;
  /** Its writable roots and network access, as they were last seen. */
  workspace: unknown;
}

const UNKNOWN: ThreadSettings = { model: "", effort: null, approvalPolicy: null, sandbox: null, isPlan: false, workspace: null };

/** Of the answer to `thread/start`, `thread/resume` and `thread/fork` (`sandbox`, `reasoningEffort`), and of `thread/settings/updated`. */
export function settingsOf(value: unknown, before: ThreadSettings | null): ThreadSettings {
  const said = fields(value);
  const old = before ?? UNKNOWN;
  const sandbox = said["sandboxPolicy"] ?? said["sandbox"] ?? old.sandbox;
  const collaboration = said["collaborationMode"];
  return {
    model: filled(said["model"]) ?? old.model,
    effort: text(said["effort"] ?? said["reasoningEffort"]) ?? null,
    approvalPolicy: said["approvalPolicy"] ?? old.approvalPolicy,
    sandbox,
    isPlan: isRecord(collaboration) ? collaboration["mode"] === "plan" : old.isPlan,
    workspace: fields(sandbox)["type"] === "workspaceWrite" ? sandbox : old.workspace,
  };
}

/** Null: a combination that HAPI has no word for. */
export function modeOf({ isPlan, approvalPolicy, sandbox }: ThreadSettings): string | null {
  if (isPlan) return "plan";
  const { type } = fields(sandbox);
  return Object.entries(policies).find(([, policy]) => policy.approvalPolicy === approvalPolicy && policy.type === type)?.[0] ?? null;
}

/** For `thread/start`, `thread/resume`, `thread/fork`; a plan has the policies of whatever it is a plan for. */
export function startPolicy(mode: string | undefined): Record<string, unknown> {
  const policy = mode === undefined ? undefined : policies[mode];
  return policy ? { approvalPolicy: policy.approvalPolicy, sandbox: policy.sandbox } : {};
}

const WORKSPACE = { type: "workspaceWrite", writableRoots: [], networkAccess: false, excludeTmpdirEnvVar: false, excludeSlashTmp: false };

function sandboxOf({ type }: Policy, { workspace }: ThreadSettings): unknown {
  if (type === "workspaceWrite") return workspace ?? WORKSPACE;
  return type === "readOnly" ? { type, networkAccess: false } : { type };
}

/** For `thread/settings/update`. */
export function changeTo(mode: string, now: ThreadSettings): Record<string, unknown> {
  const collaborationMode = {
    mode: mode === "plan" ? "plan" : "default",
    settings: { model: now.model, reasoning_effort: now.effort, developer_instructions: null },
  };
  const policy = policies[mode];
  if (!policy) return { collaborationMode };
  const back = now.isPlan ? { collaborationMode } : {};
  return { approvalPolicy: policy.approvalPolicy, sandboxPolicy: sandboxOf(policy, now), ...back };
}
