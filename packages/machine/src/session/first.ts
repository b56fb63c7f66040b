/**
 * What a session's first moment needs, and nothing that loads more: its file, its folder, and the surroundings of its agent. `hapi` begins the
 * agent with these through the host, and the session process takes it up when it is there.
 */
export { buildAgentEnv } from "./agent-env.ts";
export { boxFor } from "./box-wish.ts";
export { createSession, type CreateSessionOptions, listSessionFiles, sessionTag } from "./create-session.ts";
export { credentialFingerprint } from "./credentials.ts";
export {
  anotherCredential,
  changedOf,
  differencesOf,
  type EnvironmentDifference,
  missingOf,
  type KeptEnvironment,
  requireCredentials,
  takeEnvironment,
  withKept,
} from "./environment.ts";
export { HOOK_TOKEN_ENV } from "./hook-protocol.ts";
export { givenTools } from "./tools/given-tools.ts";
export { hookSocketPath, hookToken } from "./hook-door.ts";
export { readSessionFile, type SessionFile } from "./session-file.ts";
export type { FirstLaunch } from "./session-file-shape.ts";
export { startSession } from "./start-session.ts";
