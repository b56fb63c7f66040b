export { buildAgentEnv } from "./agent-env.ts";
export { createSession, type CreateSessionOptions, listSessionRecords, sessionTag } from "./create-session.ts";
export { openLedger, type Ledger } from "./ledger.ts";
export { readRecord, RECORD_FILE, type SessionRecord } from "./record.ts";
export { runSessionProcess, type SessionProcessOptions } from "./run.ts";
export { openSession, type RunningSession, type SessionPorts } from "./session.ts";
