/** What the details sheet lists: only what is known, in the order a person looks for it. */
import { threadKeyOf, type Session } from "@hapi/protocol";

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

/** What has words of its own on screen comes in them: mode, state and usage. */
export interface DetailWords {
  machine: string | null;
  agent: string;
  mode: string | null;
  state: string;
  usage: string | null;
}

export function detailsOf(session: Session, about: DetailWords): readonly Detail[] {
  const { metadata } = session;
  const thread = metadata?.[threadKeyOf(metadata.flavor)];
  const rows: [DetailKey, string | number | null | undefined][] = [
    ["details.path", metadata?.path],
    ["details.branch", metadata?.worktree?.branch],
    ["details.machine", about.machine ?? metadata?.host],
    ["details.agent", about.agent],
    ["details.model", session.model],
    ["details.mode", about.mode],
    ["details.usage", about.usage],
    ["details.state", about.state],
    ["details.session", session.id],
    ["details.thread", typeof thread === "string" ? thread : null],
    ["details.pid", metadata?.hostPid],
    ["details.version", metadata?.version],
  ];
  return rows.flatMap(([key, value]) => (value === null || value === undefined || value === "" ? [] : [{ key, value: String(value) }]));
}
