import { expect, test } from "bun:test";
import { AppError, type Session } from "@hapi/protocol";
import { problemOfError, problemOfSession } from "./sleep.model.ts";

test("a refused resume gives its real cause and what is offered", () => {
  const error = new AppError("resume_failed", "Disk is full", { details: { cause: "spawn_failed", offers: ["fork"] } });
  expect(problemOfError(error)).toEqual({ message: "Disk is full", cause: "spawn_failed", offer: "thread" });
  const gone = new AppError("resume_failed", "The conversation is gone", { details: { cause: "resume_unavailable" } });
  expect(problemOfError(gone)).toEqual({ message: "The conversation is gone", cause: "resume_unavailable", offer: null });
  const told = new AppError("resume_failed", "The conversation is gone", { details: { cause: "resume_unavailable", offers: ["history"] } });
  expect(problemOfError(told).offer).toBe("history");
  expect(problemOfError(new AppError("machine_offline"))).toMatchObject({ cause: "machine_offline", offer: null });
});

const session = (metadata: Record<string, unknown>): Session =>
  ({ metadata: { path: "/x", host: "h", flavor: "claude", ...metadata } }) as Session;

test("a failed start is told from what the session says, and offers a branch only where there is something to branch from, else its text", () => {
  const failure = { code: "agent_exited", message: "It ended at once" };
  const lastStart = { at: 1, how: "resume", front: "remote", asked: "t", used: null, failure };
  const failed = { lifecycleState: "failed", lastStart, capabilities: { fork: true }, claudeSessionId: "t" };
  expect(problemOfSession(session(failed))).toEqual({ message: "It ended at once", cause: "agent_exited", offer: "thread" });
  expect(problemOfSession(session({ ...failed, capabilities: {} }))?.offer).toBe("history");
  expect(problemOfSession(session({ ...failed, claudeSessionId: undefined }))?.offer).toBe("history");
  // It never had a conversation.
  expect(problemOfSession(session({ ...failed, claudeSessionId: undefined, lastStart: { ...lastStart, asked: null } }))?.offer).toBeNull();
  // Nothing is left of the thread: a branch of it would fail in the same way, the text of it does not.
  const gone = { ...lastStart, failure: { code: "resume_unavailable", message: "No such conversation" } };
  expect(problemOfSession(session({ ...failed, lastStart: gone }))).toMatchObject({ cause: "resume_unavailable", offer: "history" });
  const missing = { ...lastStart, failure: { code: "agent_not_installed", message: "Not there" } };
  expect(problemOfSession(session({ ...failed, lastStart: missing }))?.offer).toBeNull();
  expect(problemOfSession(session({ lifecycleState: "failed", failureCode: "agent_not_installed" }))?.cause).toBe("agent_not_installed");
  expect(problemOfSession(session({ lifecycleState: "completed", lastStart }))).toBeNull();
});
