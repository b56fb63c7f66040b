/**
 * Which session `hapi <agent>` means: the one of this directory, another one (`--new`), or exactly one (`--existing-session-id`).
 * The newest of the directory wins; one that was archived is offered, never revived by itself.
 */
import { realpathSync } from "node:fs";
import { createSession, type FirstLaunch, listSessionFiles, type KeptEnvironment, sessionTag, type SessionFile } from "@hapi/machine/first";
import type { SessionSummary } from "@hapi/protocol";
import { AppError } from "@hapi/protocol/errors";
import type { ThreadAsked } from "@hapi/agents/first";
import type { AgentFlags } from "./agent-flags.ts";

export interface DirectorySessionInput {
  home: string;
  flavor: string;
  cwd: string;
  machineId: string;
  hubUrl: string;
  flags: AgentFlags;
  /** One of the agent's earlier conversations, where the line asks for one. */
  asked: ThreadAsked | null;
  now: number;
}

export type DirectorySession =
  /** `joined`: the conversation that was asked for is this session's. */
  { kind: "existing"; sessionFile: SessionFile; joined?: true } | { kind: "new"; tag: string };

/** Of a folder's first session. */
export const sessionTagOf = ({ machineId, cwd, flavor }: DirectorySessionInput): string => sessionTag(machineId, realpathSync(cwd), flavor);

export function findDirectorySession(input: DirectorySessionInput): DirectorySession {
  const { flags, home, flavor } = input;
  const sessionFiles = listSessionFiles(home);
  if (flags.existingSessionId) {
    const wanted = flags.existingSessionId;
    const sessionFile = sessionFiles.find((candidate) => candidate.sessionId === wanted);
    if (sessionFile) return { kind: "existing", sessionFile };
    throw new AppError("session_not_found", `This machine has no session ${wanted}. See: hapi sessions`);
  }
  const { asked } = input;
  // Two sessions on one conversation would write over each other: the one that has it is continued.
  const holder =
    asked?.threadId && !asked.fork ? sessionFiles.find((one) => one.flavor === flavor && one.threadId === asked.threadId) : undefined;
  if (holder) return { kind: "existing", sessionFile: holder, joined: true };
  const tag = sessionTagOf(input);
  const isAnother = flags.isNew || asked !== null;
  const own = sessionFiles.filter((sessionFile) => sessionFile.tag === tag || sessionFile.tag.startsWith(`${tag}:`));
  const newest = own[0];
  if (newest && !isAnother) return { kind: "existing", sessionFile: newest };
  return { kind: "new", tag: own.length === 0 ? tag : `${tag}:${input.now.toString(36)}` };
}

/** The session at the hub that has had this conversation on this machine, where no session file here knows it (a home that was lost). */
export function holderAtHub(
  rows: readonly SessionSummary[],
  { machineId, asked }: Pick<DirectorySessionInput, "machineId" | "asked">,
): SessionSummary | null {
  if (!asked?.threadId || asked.fork) return null;
  const isIt = ({ metadata }: SessionSummary): boolean => metadata?.machineId === machineId && metadata.agentSessionId === asked.threadId;
  return rows.find(isIt) ?? null;
}

/** Writes the launch options into the session's file, making the session when there is none. */
export function prepareSession(
  input: DirectorySessionInput,
  found: DirectorySession,
  environment: KeptEnvironment,
  begin?: (sessionFile: SessionFile, dir: string) => FirstLaunch | undefined,
): { sessionId: string; dir: string; sessionFile: SessionFile } {
  const { flags } = input;
  const wantedMode = flags.isYolo ? "yolo" : flags.permissionMode;
  return createSession({
    home: input.home,
    flavor: input.flavor,
    cwd: found.kind === "existing" ? found.sessionFile.cwd : input.cwd,
    machineId: input.machineId,
    hubUrl: input.hubUrl,
    startedBy: flags.startedBy,
    startingMode: flags.startingMode ?? (flags.startedBy === "runner" ? "remote" : "local"),
    args: flags.rest,
    environment,
    replaceEnvironment: flags.isThisEnvironment,
    now: input.now,
    ...(found.kind === "existing" ? { sessionId: found.sessionFile.sessionId } : { sessionId: crypto.randomUUID(), tag: found.tag }),
    ...(wantedMode ? { permissionMode: wantedMode } : {}),
    ...(flags.model ? { model: flags.model } : {}),
    ...(flags.effort ? { effort: flags.effort } : {}),
    ...(flags.box ? { box: flags.box } : {}),
    ...(begin ? { begin } : {}),
  });
}
