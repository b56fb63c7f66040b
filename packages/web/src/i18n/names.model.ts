/** How sessions, directories and agents are called on screen. Pure. */
import { capitalized } from "@hapi/core";
import type { Machine, SessionSummary } from "@hapi/protocol";

/** The name a person gave, else the agent's own title, else nothing (the screen has a word for that). */
export function titleOf(summary: SessionSummary): string | null {
  const { metadata } = summary;
  return metadata?.name?.trim() || metadata?.summary?.text.trim() || null;
}

/** `/home/ada/shop` is `~/shop` where the home directory is known or looks like one. */
export function shortPath(path: string, homeDir?: string): string {
  const home = homeDir ?? /^\/(?:home|Users)\/[^/]+/.exec(path)?.[0];
  if (home && (path === home || path.startsWith(`${home}/`))) return `~${path.slice(home.length)}`;
  return path;
}

/** The directory a session belongs to: a worktree counts as its repository. */
export const projectPath = (summary: SessionSummary): string => summary.metadata?.worktree?.basePath ?? summary.metadata?.path ?? "";

export function machineName(machine: Machine | undefined): string | null {
  return machine?.metadata?.displayName?.trim() || machine?.metadata?.host || null;
}

const ACRONYMS = new Set(["ai", "gpt", "acp"]);
/** `claude` is Claude, `open-code` Open Code: names come from the wire, so no list of agents is kept here. */
export function agentName(flavor: string | null | undefined): string {
  if (!flavor) return "";
  return flavor
    .split(/[-_ ]+/)
    .map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : capitalized(word)))
    .join(" ");
}

/** Tool names as people read them: the last part of an MCP name, as words: `SendUserFile` is "send user file". */
export function toolName(tool: string): string {
  const last = tool.startsWith("mcp__") ? (tool.split("__").findLast(Boolean) ?? tool) : tool;
  const words = last
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .trim();
  return words.includes(" ") ? words.toLowerCase() : words;
}
