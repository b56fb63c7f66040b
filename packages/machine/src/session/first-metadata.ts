/** What a session's row starts with, written by whoever makes it (CLI or runner) so that it can be shown before its session process is up. */
import { hostname, platform } from "node:os";
import type { Metadata } from "@hapi/protocol";
import type { SessionFile } from "./session-file.ts";

export function firstMetadata(sessionFile: SessionFile, now: number): Metadata {
  return {
    path: sessionFile.cwd,
    host: hostname(),
    os: platform(),
    flavor: sessionFile.flavor,
    machineId: sessionFile.machineId,
    startedBy: sessionFile.startedBy,
    startedFromRunner: sessionFile.startedBy === "runner",
    startingMode: sessionFile.startingMode,
    lifecycleState: "initializing",
    lifecycleStateSince: now,
    ...(sessionFile.name ? { name: sessionFile.name } : {}),
    ...(sessionFile.box ? { sandbox: sessionFile.box } : {}),
    ...(sessionFile.worktree ? { worktree: sessionFile.worktree } : {}),
  };
}
