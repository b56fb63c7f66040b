import { expect, test } from "bun:test";
import { AppError, type Session } from "@hapi/protocol";
import { problemOfError, problemOfSession } from "./sleep.model.ts";

test("a refused resume gives its real cause and what is offered", () => {
  const error = new AppError("resume_failed", "The conversation is gone", { details: { cause: "thread_missing", offers: ["fork"] } });
  expect(problemOfError(error)).toEqual({ message: "The conversation is gone", cause: "thread_missing", canFork: true });
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
  expect(problemOfSession(session({ lifecycleState: "failed", failureCode: "agent_not_installed" }))?.cause).toBe("agent_not_installed");
  expect(problemOfSession(session({ lifecycleState: "completed", lastStart }))).toBeNull();
});
