/** What the details sheet lists: only what is known, in the order a person looks for it. */
import { threadKeyOf, type Session, type TokenUsage } from "@hapi/protocol";

export type DetailKey =
  | "details.path"
  | "details.branch"
  | "details.machine"
  | "details.agent"
  | "details.model"
  | "details.mode"
  | "details.usage"
  | "details.state"
  | "details.session"
  | "details.thread"
  | "details.pid"
  | "details.version";

export interface Detail {
  key: DetailKey;
  value: string;
}

export function detailsOf(session: Session, about: { machine: string | null; usage: TokenUsage | null; agent: string }): readonly Detail[] {
  const { metadata } = session;
  const thread = metadata?.[threadKeyOf(metadata.flavor)];
  const used = about.usage;
  const rows: [DetailKey, string | number | null | undefined][] = [
    ["details.path", metadata?.path],
    ["details.branch", metadata?.worktree?.branch],
    ["details.machine", about.machine ?? metadata?.host],
    ["details.agent", about.agent],
    ["details.model", session.model],
    ["details.mode", session.permissionMode],
    ["details.usage", used && `${used.inputTokens} in · ${used.outputTokens} out · ${used.cacheReadTokens} cached`],
    ["details.state", metadata?.lifecycleState],
    ["details.session", session.id],
    ["details.thread", typeof thread === "string" ? thread : null],
    ["details.pid", metadata?.hostPid],
    ["details.version", metadata?.version],
  ];
  return rows.flatMap(([key, value]) => (value === null || value === undefined || value === "" ? [] : [{ key, value: String(value) }]));
}
