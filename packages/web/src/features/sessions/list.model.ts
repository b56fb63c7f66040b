/**
 * The session list as flat rows for a virtual list: what waits on top, then pinned, then one group per directory, then the inactive
 * section, then (when asked for) the archive. Pure; 10,000 sessions take a few milliseconds, so it runs on every relevant change.
 */
import { rankOf, type SessionStatus } from "@hapi/core";
import type { Machine, SessionSummary } from "@hapi/protocol";
import { agentName, machineName, projectPath, shortPath, titleOf, toolName } from "../../i18n/names.model.ts";
import { isArchived } from "./status.model.ts";
import { type Lookout, statusIn } from "../../sync/status.ts";

export type SectionKey = "waiting" | "pinned" | "inactive" | "archived";

export type ListRow =
  | { kind: "section"; key: SectionKey; count: number; open: boolean }
  | { kind: "directory"; key: string; path: string; host: string | null; count: number }
  /** `path` is set where the row stands outside its directory's group. */
  | { kind: "session"; key: string; summary: SessionSummary; path?: string };

export interface ListOptions {
  now: number;
  /** What this device knows beside the sessions. */
  lookout: Lookout;
  query?: string;
  showArchived?: boolean;
  /** Sections the person opened or closed; others use their default. */
  sections?: Partial<Record<SectionKey, boolean>>;
}

/** A session that fell silent stays in its group this long before it moves to the inactive section. */
const OFFLINE_STAYS_MS = 24 * 3600_000;
/** The inactive section starts closed when it is longer than this and something is active. */
const INACTIVE_OPEN_LIMIT = 8;

const byUpdate = (a: SessionSummary, b: SessionSummary): number => b.updatedAt - a.updatedAt || (a.id < b.id ? -1 : 1);
const byWaiting = (a: Listed, b: Listed): number => waitsSince(a) - waitsSince(b) || byUpdate(a.summary, b.summary);
const waitsSince = ({ summary, status }: Listed): number => status.since ?? summary.updatedAt;

/** Every word of the query must be in the title, the directory, the agent, the branch or a waiting tool. */
export function matches(summary: SessionSummary, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { metadata } = summary;
  const text = [
    titleOf(summary),
    metadata?.path,
    metadata?.worktree?.branch,
    metadata?.flavor,
    agentName(metadata?.flavor),
    summary.id,
    ...summary.pendingRequests.map((request) => toolName(request.tool)),
  ]
    .join("\n")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

interface Listed {
  summary: SessionSummary;
  status: SessionStatus;
}

interface Buckets {
  waiting: Listed[];
  pinned: SessionSummary[];
  grouped: Listed[];
  inactive: SessionSummary[];
  archived: SessionSummary[];
}

function sort(sessions: Iterable<SessionSummary>, options: ListOptions): Buckets {
  const buckets: Buckets = { waiting: [], pinned: [], grouped: [], inactive: [], archived: [] };
  for (const summary of sessions) {
    if (!matches(summary, options.query ?? "")) continue;
    const status = statusIn(summary, options.lookout);
    const { what } = status;
    const isRecentlyAway = what === "offline" && options.now - summary.activeAt < OFFLINE_STAYS_MS;
    const isNews = status.unread && (what === "failed" || what === "unknown");
    if (what === "archived") buckets.archived.push(summary);
    else if (what === "waiting") buckets.waiting.push({ summary, status });
    else if (summary.globalPinned) buckets.pinned.push(summary);
    else if (summary.active || isRecentlyAway || isNews) buckets.grouped.push({ summary, status });
    else buckets.inactive.push(summary);
  }
  return buckets;
}

/** What wants to be looked at, then what goes on, then the rest; of a kind the newest first. */
const byImportance = (a: Listed, b: Listed): number => rankOf(a.status) - rankOf(b.status) || byUpdate(a.summary, b.summary);

export function listRows(sessions: Iterable<SessionSummary>, machines: Readonly<Record<string, Machine>>, options: ListOptions): ListRow[] {
  const buckets = sort(sessions, options);
  const rows: ListRow[] = [];
  const home = (summary: SessionSummary): string | undefined => machines[summary.metadata?.machineId ?? ""]?.metadata?.homeDir;
  const withPath = (summary: SessionSummary): ListRow => ({
    kind: "session",
    key: summary.id,
    summary,
    path: shortPath(projectPath(summary), home(summary)),
  });
  const section = (key: SectionKey, items: SessionSummary[], openByDefault: boolean): void => {
    if (items.length === 0) return;
    const open = options.sections?.[key] ?? openByDefault;
    rows.push({ kind: "section", key, count: items.length, open });
    if (open) for (const summary of items) rows.push(withPath(summary));
  };

  section(
    "waiting",
    buckets.waiting.sort(byWaiting).map(({ summary }) => summary),
    true,
  );
  section("pinned", buckets.pinned.sort(byUpdate), true);
  for (const group of groupByDirectory(buckets.grouped, machines)) {
    rows.push(group.header);
    for (const summary of group.sessions) rows.push({ kind: "session", key: summary.id, summary });
  }
  const somethingAbove = rows.length > 0;
  const searching = Boolean(options.query?.trim());
  section("inactive", buckets.inactive.sort(byUpdate), searching || !somethingAbove || buckets.inactive.length <= INACTIVE_OPEN_LIMIT);
  if (options.showArchived || (searching && rows.length === 0)) section("archived", buckets.archived.sort(byUpdate), true);
  return rows;
}

interface Group {
  header: Extract<ListRow, { kind: "directory" }>;
  sessions: SessionSummary[];
}

function groupByDirectory(sessions: Listed[], machines: Readonly<Record<string, Machine>>): Group[] {
  const groups = new Map<string, Listed[]>();
  for (const listed of sessions) {
    const { summary } = listed;
    const key = `${summary.metadata?.machineId ?? ""}:${projectPath(summary)}`;
    const group = groups.get(key);
    if (group) group.push(listed);
    else groups.set(key, [listed]);
  }
  const severalMachines = new Set(sessions.map(({ summary }) => summary.metadata?.machineId ?? "")).size > 1;
  return [...groups]
    .map(([key, members]) => {
      members.sort((a, b) => Number(b.summary.pinned) - Number(a.summary.pinned) || byImportance(a, b));
      const first = members[0]?.summary;
      const machine = machines[first?.metadata?.machineId ?? ""];
      const header = {
        kind: "directory" as const,
        key: `dir:${key}`,
        path: shortPath(first ? projectPath(first) : "", machine?.metadata?.homeDir),
        host: severalMachines ? machineName(machine) : null,
        count: members.length,
      };
      const rank = Math.min(...members.map(({ status }) => rankOf(status)));
      const latest = Math.max(...members.map(({ summary }) => summary.updatedAt));
      return { header, sessions: members.map(({ summary }) => summary), rank, latest };
    })
    .sort((a, b) => a.rank - b.rank || b.latest - a.latest || (a.header.key < b.header.key ? -1 : 1));
}

export const archivedCount = (sessions: Iterable<SessionSummary>): number => {
  let count = 0;
  for (const summary of sessions) if (isArchived(summary)) count += 1;
  return count;
};
