export { buildAgentEnv } from "./agent-env.ts";
export { boxFor, requireBoxWhileRunning } from "./box-wish.ts";
export { createSession, type CreateSessionOptions, listSessionFiles, sessionTag } from "./create-session.ts";
export { type DamagedFile, damagedFiles } from "./damaged.ts";
export { type LossReport, lossesOfHome } from "./losses.ts";
export { credentialFingerprint } from "./credentials.ts";
export {
  anotherCredential,
  changedOf,
  differencesOf,
  type EnvironmentDifference,
  type KeptEnvironment,
  requireCredentials,
  takeEnvironment,
} from "./environment.ts";
export { openLedger, type Ledger } from "./ledger.ts";
export { openSessionFile, readSessionFile, SESSION_FILE, type SessionFile } from "./session-file.ts";
export type { SessionProcessOptions } from "./ports.ts";
export { runSessionProcess } from "./run.ts";
export { settleSession } from "./settle.ts";
export { firstRow, rowAtHub } from "./row-at-hub.ts";
export { SETTLE_WORD } from "./settle-word.ts";
export { openSession, type RunningSession } from "./session.ts";
export { requireBoxOf } from "./boxed-host.ts";
export { lookOutside, writtenFor } from "./written-folders.ts";
export { startSession } from "./start-session.ts";
export type { SessionPorts } from "./session-ports.ts";
