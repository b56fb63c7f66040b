import { expect, test } from "bun:test";
import { AppError, type Session } from "@hapi/protocol";
import { problemOfError, problemOfSession } from "./sleep.model.ts";

test("a refused resume gives its real cause and what is offered", () => {
  const error = new AppError("resume_failed", "Disk is full", { details: { cause: "spawn_failed", offers: ["fork"] } });
  expect(problemOfError(error)).toEqual({ message: "Disk is full", cause: "spawn_failed", canFork: true });
  const gone = new AppError("resume_failed", "The conversation is gone", { details: { cause: "resume_unavailable" } });
  expect(problemOfError(gone)).toEqual({ message: "The conversation is gone", cause: "resume_unavailable", canFork: false });
  expect(problemOfError(new AppError("machine_offline"))).toMatchObject({ cause: "machine_offline", canFork: false });
});

const session = (metadata: Record<string, unknown>): Session =>
  ({ metadata: { path: "/x", host: "h", flavor: "claude", ...metadata } }) as Session;

test("a failed start is told from what the session says, and offers a branch only where there is something to branch from", () => {
  const failure = { code: "agent_exited", message: "It ended at once" };
  const lastStart = { at: 1, how: "resume", front: "remote", asked: "t", used: null, failure };
  const failed = { lifecycleState: "failed", lastStart, capabilities: { fork: true }, claudeSessionId: "t" };
  expect(problemOfSession(session(failed))).toEqual({ message: "It ended at once", cause: "agent_exited", canFork: true });
  expect(problemOfSession(session({ ...failed, claudeSessionId: undefined }))?.canFork).toBe(false);
  expect(problemOfSession(session({ ...failed, capabilities: {} }))?.canFork).toBe(false);
  // Nothing is left of the thread: a branch of it would fail in the same way.
  const gone = { ...lastStart, failure: { code: "resume_unavailable", message: "No such conversation" } };
  expect(problemOfSession(session({ ...failed, lastStart: gone }))).toMatchObject({ cause: "resume_unavailable", canFork: false });
  expect(problemOfSession(session({ lifecycleState: "failed", failureCode: "agent_not_installed" }))?.cause).toBe("agent_not_installed");
  expect(problemOfSession(session({ lifecycleState: "completed", lastStart }))).toBeNull();
});
