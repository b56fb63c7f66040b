/** Choices of the new-session form: sensible first values, and what can be started where. Pure. */
import { capability, permissionModesOf, type AgentAvailability, type Machine, type SessionSummary } from "@hapi/protocol";
import { isLoopbackHost } from "@hapi/protocol/loopback";

export interface Form {
  machineId: string;
  directory: string;
  agent: string;
  /** Of that agent. */
  modes: readonly string[];
  mode: string;
  model: string;
}

export type Agent = AgentAvailability["agents"][number];

/** The asked-for machine if it is online, else the one used last, else any that is online. */
export function firstMachine(machines: readonly Machine[], recent: readonly SessionSummary[], asked: string | undefined): string {
  const online = machines.filter((machine) => machine.active).map((machine) => machine.id);
  const used = recent.map((summary) => summary.metadata?.machineId ?? "");
  return [asked ?? "", ...used, ...online].find((id) => online.includes(id)) ?? "";
}

export const MAX_RECENT = 6;

/** Directories used on a machine, latest first. */
export function recentDirectories(sessions: readonly SessionSummary[], machineId: string): string[] {
  const paths = [...sessions]
    .filter((summary) => summary.metadata?.machineId === machineId)
    .sort((a, b) => b.updatedAt - a.updatedAt)
    .map((summary) => summary.metadata?.worktree?.basePath ?? summary.metadata?.path ?? "");
  return [...new Set(paths)].filter(Boolean).slice(0, MAX_RECENT);
}

/** Installed agents first, each part in the machine's own order. */
export const installedFirst = (agents: readonly Agent[]): Agent[] => [
  ...agents.filter(({ available }) => available),
  ...agents.filter(({ available }) => !available),
];

/** The last used one where it is there, else the machine's first. */
export function firstAgent(agents: readonly Agent[], lastUsed: string | undefined): Agent | undefined {
  const available = agents.filter((agent) => agent.available);
  return available.find(({ agent }) => agent === lastUsed) ?? available[0];
}

/** As the agent says; a machine of another make says nothing of it. A session starts in the first. */
export const modesFor = (agent: Agent): readonly string[] => capability(agent, "permissionModes") ?? permissionModesOf(agent.agent);

/** Of the agent that is chosen; none: there is none to choose. */
export function choiceOf(agent: Agent | undefined): Pick<Form, "agent" | "modes" | "mode" | "model"> {
  const modes = agent ? modesFor(agent) : [];
  return { agent: agent?.agent ?? "", modes, mode: modes[0] ?? "", model: "" };
}

/** `~/shop` as the machine's own path, and without a trailing slash. */
export function fullPath(directory: string, homeDir: string | undefined): string {
  const typed = directory.trim();
  const expanded = homeDir && (typed === "~" || typed.startsWith("~/")) ? homeDir + typed.slice(1) : typed;
  return expanded.length > 1 ? expanded.replace(/[/\\]+$/, "") : expanded;
}

export const isAbsolute = (path: string): boolean => /^(?:[/~]|[A-Za-z]:[\\/])/.test(path);

export function parentOf(path: string): string | null {
  const cut = path.replace(/[/\\]+$/, "").search(/[/\\][^/\\]*$/);
  if (cut === -1 || path === "/") return null;
  return cut === 0 ? "/" : path.slice(0, cut);
}

export const childOf = (path: string, name: string): string => (path.endsWith("/") ? path + name : `${path}/${name}`);

export type Problem = "machine" | "directory" | "relative" | "agent";

export function problemOf(form: Form): Problem | null {
  if (form.machineId === "") return "machine";
  if (form.directory.trim() === "") return "directory";
  if (!isAbsolute(form.directory.trim())) return "relative";
  if (form.agent === "") return "agent";
  return null;
}

/** What makes another machine one of this hub's, two lines for its terminal; null where no other machine gets to this address. */
export function recipeFor({ origin, hostname }: Pick<Location, "origin" | "hostname">): string | null {
  if (isLoopbackHost(hostname)) return null;
  return `npm install -g hapi-agents\nhapi auth login --url ${origin} && hapi runner start`;
}
