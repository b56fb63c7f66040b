/**
 * The session's metadata at the hub: everything of it that this machine knows. What others write (name given in the web, pin, archive marks) is
 * left as the hub has it. The agent's own conversation id travels under its flavor's key.
 */
import { cutText } from "@hapi/core";
import { hostname, platform } from "node:os";
import {
  type AgentCapabilities,
  type ModelChoice,
  type SessionCapabilities,
  type LifecycleState,
  type Metadata,
  normalizePermissionMode,
  type SessionEnvironment,
  threadKeyOf,
} from "@hapi/protocol";
import type { Facts } from "./ledger-state.ts";
import type { SessionFile } from "./session-file.ts";

const MAX_NAMES = 500;
const MAX_NAME_CHARS = 200;

/** What the agent told about itself in this life, and what was kept of earlier ones. */
export interface AgentFacts {
  tools?: string[];
  slashCommands?: string[];
  models?: ModelChoice[];
  version?: string;
  summary?: { text: string; updatedAt: number };
  /** `summary` was given by a tool: what the agent calls the conversation by itself does not replace it. */
  isTitleChosen?: boolean;
}

export interface MetadataInput {
  sessionFile: SessionFile;
  facts: Facts;
  agent: AgentFacts;
  capabilities: AgentCapabilities;
  home: string;
  libDir: string;
  hostPid: number;
  version: string;
  userHome: string;
  remoteWhileLocal: "switch" | "read-only";
  parked: boolean;
  autoRetry: boolean;
  environment: SessionEnvironment | undefined;
}

const names = (list: readonly string[] | undefined): string[] | undefined =>
  list?.slice(0, MAX_NAMES).map((name) => cutText(name, MAX_NAME_CHARS));

/** States in which this session writes its own lifecycle; an archived row stays archived until it runs again. */
function lifecycleOf(
  input: MetadataInput,
  current: Metadata | null,
): Pick<Metadata, "lifecycleState" | "lifecycleStateSince" | "failureCode"> {
  const ended: readonly string[] = ["completed", "aborted", "failed"] satisfies LifecycleState[];
  if (current?.lifecycleState === "archived" && ended.includes(input.facts.lifecycle)) {
    return { lifecycleState: "archived", lifecycleStateSince: current.lifecycleStateSince, failureCode: current.failureCode };
  }
  return {
    lifecycleState: input.facts.lifecycle,
    lifecycleStateSince: input.facts.lifecycleSince,
    failureCode: input.facts.failureCode ?? undefined,
  };
}

export function metadataOf(input: MetadataInput, current: Metadata | null): Metadata {
  const { sessionFile, agent } = input;
  const mine: Metadata = {
    path: sessionFile.cwd,
    host: hostname(),
    version: input.version,
    os: platform(),
    machineId: sessionFile.machineId,
    homeDir: input.userHome,
    happyHomeDir: input.home,
    happyLibDir: input.libDir,
    happyToolsDir: input.libDir,
    startedFromRunner: sessionFile.startedBy === "runner",
    startedBy: sessionFile.startedBy,
    startingMode: sessionFile.startingMode,
    hostPid: input.hostPid,
    flavor: sessionFile.flavor,
    tools: names(agent.tools),
    slashCommands: names(agent.slashCommands),
    worktree: sessionFile.worktree,
    sandbox: sessionFile.box,
    preferredPermissionMode:
      sessionFile.permissionMode && (normalizePermissionMode(sessionFile.flavor, sessionFile.permissionMode) ?? undefined),
    preferredModel: sessionFile.model ?? null,
    preferredEffort: sessionFile.effort,
    capabilities: withOwn(input.capabilities, agent.models),
    agentVersion: agent.version,
    remoteWhileLocal: input.remoteWhileLocal,
    parked: input.parked,
    lastStart: input.facts.lastStart ?? undefined,
    environment: input.environment,
    ...lifecycleOf(input, current),
  };
  if (sessionFile.threadId && !sessionFile.fork) mine[threadKeyOf(sessionFile.flavor)] = sessionFile.threadId;
  if (agent.summary && (current?.summary?.updatedAt ?? 0) <= agent.summary.updatedAt) mine.summary = agent.summary;
  if (sessionFile.name && current?.name === undefined) mine.name = sessionFile.name;
  // Chosen at the hub; only the beginning is ours.
  if (input.autoRetry && current?.autoRetry === undefined) mine.autoRetry = true;
  const merged: Metadata = { ...current, ...dropUndefined(mine) };
  if (mine.lifecycleState !== "archived") {
    delete merged.archivedBy;
    delete merged.archiveReason;
  }
  if (mine.failureCode === undefined) delete merged.failureCode;
  return merged;
}

/** What the session can do beside its agent, and what other clients read under names of their own. */
function withOwn(capabilities: AgentCapabilities, models: readonly ModelChoice[] | undefined): object {
  // Where none of its models has a choice, there is nothing to offer.
  const setEffort = capabilities.setEffort && (models === undefined || models.some(({ efforts }) => (efforts?.length ?? 0) > 0));
  const own = { setEffort, autoRetry: true, given: true, conversationHistory: { forkCurrent: capabilities.fork } };
  return { ...capabilities, ...own } satisfies Partial<SessionCapabilities>;
}

function dropUndefined(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)) as Metadata;
}
