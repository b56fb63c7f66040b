/** What a session's row starts with, written by whoever makes it (CLI or runner) so that it can be shown before its session process is up. */
import { hostname, platform } from "node:os";
import type { Metadata } from "@hapi/protocol";
import type { SessionRecord } from "./record.ts";

export function firstMetadata(record: SessionRecord, now: number): Metadata {
  return {
    path: record.cwd,
    host: hostname(),
    os: platform(),
    flavor: record.flavor,
    machineId: record.machineId,
    startedBy: record.startedBy,
    startedFromRunner: record.startedBy === "runner",
    startingMode: record.startingMode,
    lifecycleState: "initializing",
    lifecycleStateSince: now,
    ...(record.name ? { name: record.name } : {}),
    ...(record.box ? { sandbox: record.box } : {}),
    ...(record.worktree ? { worktree: record.worktree } : {}),
  };
}
