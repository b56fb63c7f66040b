/**
 * The session list as flat rows for a virtual list: what waits on top, then pinned, then one group per directory, then the inactive
 * section, then (when asked for) the archive. Pure; 10,000 sessions take a few milliseconds, so it runs on every relevant change.
 */
import type { Machine, SessionSummary } from "@hapi/protocol";
import { agentName, machineName, projectPath, shortPath, titleOf, toolName } from "./names.model.ts";
import { isArchived, isOffline, isWaiting } from "./status.model.ts";

export type SectionKey = "waiting" | "pinned" | "inactive" | "archived";

export type ListRow =
  | { kind: "section"; key: SectionKey; count: number; open: boolean }
  | { kind: "directory"; key: string; path: string; host: string | null; count: number }
  /** `path` is set where the row stands outside its directory's group. */
  | { kind: "session"; key: string; summary: SessionSummary; path?: string };

export interface ListOptions {
  now: number;
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
const byWaiting = (a: SessionSummary, b: SessionSummary): number => oldestRequest(a) - oldestRequest(b) || byUpdate(a, b);

function oldestRequest(summary: SessionSummary): number {
  return Math.min(...summary.pendingRequests.map((request) => request.since ?? summary.updatedAt), summary.updatedAt);
}

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

interface Buckets {
  waiting: SessionSummary[];
  pinned: SessionSummary[];
  grouped: SessionSummary[];
  inactive: SessionSummary[];
  archived: SessionSummary[];
}

function sort(sessions: Iterable<SessionSummary>, options: ListOptions): Buckets {
  const buckets: Buckets = { waiting: [], pinned: [], grouped: [], inactive: [], archived: [] };
  for (const summary of sessions) {
    if (!matches(summary, options.query ?? "")) continue;
    const staysGrouped = summary.active || (isOffline(summary) && options.now - summary.activeAt < OFFLINE_STAYS_MS);
    if (isArchived(summary)) buckets.archived.push(summary);
    else if (isWaiting(summary)) buckets.waiting.push(summary);
    else if (summary.globalPinned) buckets.pinned.push(summary);
    else if (staysGrouped) buckets.grouped.push(summary);
    else buckets.inactive.push(summary);
  }
  return buckets;
}

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

  section("waiting", buckets.waiting.sort(byWaiting), true);
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

function groupByDirectory(sessions: SessionSummary[], machines: Readonly<Record<string, Machine>>): Group[] {
  const groups = new Map<string, SessionSummary[]>();
  for (const summary of sessions) {
    const key = `${summary.metadata?.machineId ?? ""}:${projectPath(summary)}`;
    const group = groups.get(key);
    if (group) group.push(summary);
    else groups.set(key, [summary]);
  }
  const severalMachines = new Set(sessions.map((summary) => summary.metadata?.machineId ?? "")).size > 1;
  return [...groups]
    .map(([key, members]) => {
      members.sort((a, b) => Number(b.pinned) - Number(a.pinned) || byUpdate(a, b));
      const machine = machines[members[0]?.metadata?.machineId ?? ""];
      const path = members[0] ? projectPath(members[0]) : "";
      const latest = Math.max(...members.map((member) => member.updatedAt));
      const header = {
        kind: "directory" as const,
        key: `dir:${key}`,
        path: shortPath(path, machine?.metadata?.homeDir),
        host: severalMachines ? machineName(machine) : null,
        count: members.length,
      };
      return { header, sessions: members, latest };
    })
    .sort((a, b) => b.latest - a.latest || (a.header.key < b.header.key ? -1 : 1));
}

export const archivedCount = (sessions: Iterable<SessionSummary>): number => {
  let count = 0;
  for (const summary of sessions) if (isArchived(summary)) count += 1;
  return count;
};
