/**
 * The one error table: a stable code, its HTTP status, whether the same call may succeed later, and the sentence a person reads.
 * Every transport converts through `toAppError`; nothing else turns an exception into an answer.
 */

const table = {
  // credentials
  missing_token: [401, false, "Missing authorization token"],
  invalid_token: [401, false, "Invalid token"],
  invalid_access_token: [401, false, "Invalid access token"],
  credential_revoked: [401, false, "This sign-in was revoked; sign in again"],
  credential_expired: [401, false, "This sign-in is over; sign in again"],
  code_refused: [401, false, "This code is wrong, used or too old; hapi web prints another on the hub's computer"],
  passkey_refused: [403, false, "Passkey not accepted"],
  passkey_unknown: [403, false, "Unknown passkey"],
  passkey_unavailable: [409, false, "No passkeys at this address"],
  step_up_required: [403, false, "Prove that it is you"],
  challenge_over: [409, true, "Too late; try again"],
  legacy_access_off: [401, false, "This hub takes no shared token any more; sign in with a code (hapi web)"],
  weak_token: [500, false, "The hub's token is too easy to guess"],
  scope_missing: [403, false, "This sign-in may not do that"],
  hub_locked: [
    503,
    true,
    "This hub is locked: nothing is sent, started or answered until it is unlocked on its own computer, with hapi unlock",
  ],
  telegram_disabled: [503, false, "Telegram is not set up on this hub"],
  // requests
  invalid_body: [400, false, "Invalid body"],
  invalid_json: [400, false, "The body is not valid JSON"],
  invalid_query: [400, false, "Invalid query"],
  invalid_mode: [400, false, "This agent has no such permission mode"],
  unsupported_flavor: [400, false, "This agent does not support that"],
  body_too_deep: [400, false, "The body is nested too deeply"],
  body_too_slow: [408, true, "The request did not arrive in time"],
  body_too_large: [413, false, "The request is too large"],
  rate_limited: [429, true, "Too many requests; wait a moment and try again"],
  not_found: [404, false, "Not found"],
  access_denied: [403, false, "Access denied"],
  host_refused: [421, false, "This hub does not know the name by which it was asked"],
  origin_refused: [403, false, "Pages of this address may not use this hub"],
  cross_site_refused: [403, false, "Pages of other sites may not use this hub"],
  tls_required: [403, false, "This hub is reached over TLS only"],
  owner_only: [403, false, "Only the owner of this hub can do that"],
  // sessions
  session_not_found: [404, false, "Session not found"],
  session_access_denied: [403, false, "Session access denied"],
  session_inactive: [409, true, "Session is inactive"],
  session_active: [409, false, "Session is active; end it first"],
  session_conflict: [409, false, "This session id or tag is already in use"],
  session_archived: [409, false, "Session is archived"],
  local_control: [409, true, "The terminal has control; switch to remote first"],
  control_mode_not_applicable: [409, false, "This session has no separate control modes"],
  version_conflict: [409, true, "Someone else changed this in the meantime"],
  resume_unavailable: [409, false, "This session can't be resumed"],
  resume_failed: [500, true, "Session failed to become active"],
  no_machine_online: [503, true, "No machine online"],
  retry_unavailable: [409, false, "There is nothing to retry"],
  already_local: [409, false, "The session is already in the terminal"],
  handoff_failed: [500, true, "The handoff did not finish"],
  thread_in_use: [409, true, "This conversation is open in another program; close it there first"],
  clear_unavailable: [409, false, "Clearing this conversation is not available"],
  session_export_too_large: [413, false, "The session is too large to export"],
  apply_failed: [409, true, "The agent did not take the change"],
  // messages and permissions
  message_not_found: [404, false, "Message not found"],
  request_not_found: [404, false, "Request not found"],
  request_closed: [404, false, "This request was answered already"],
  request_changed: [409, false, "What is asked has changed; look at it again"],
  request_shortened: [409, false, "Only part of this was shown; open all of it first"],
  agent_away: [503, true, "The session is not reachable at the moment"],
  // machines
  machine_not_found: [404, false, "Machine not found"],
  machine_access_denied: [403, false, "Machine access denied"],
  machine_offline: [503, true, "The machine is offline"],
  spawn_failed: [502, true, "The session could not be started"],
  restart_unsupported: [502, false, "This runner can't be restarted from here"],
  rpc_target_missing: [503, true, "RPC handler not registered"],
  rpc_result_invalid: [502, false, "The answer could not be read"],
  rpc_timeout: [504, true, "The machine did not answer in time"],
  runner_upgrade_required: [409, false, "The runner on this machine is too old"],
  // this computer
  agent_not_installed: [424, false, "The agent is not installed"],
  agent_unsupported_version: [424, false, "This version of the agent is not supported"],
  environment_missing: [424, false, "A credential that this session was started with is not set here"],
  sandbox_unavailable: [424, false, "No sandbox can be had here"],
  agent_exited: [502, true, "The agent ended unexpectedly"],
  port_taken: [500, false, "The port is already in use"],
  tls_certificate_invalid: [500, false, "The certificate can't be used"],
  home_in_use: [500, false, "Another hub uses this HAPI home folder"],
  home_not_writable: [500, false, "The HAPI home folder is not writable"],
  settings_corrupt: [500, false, "settings.json can't be read"],
  database_newer: [500, false, "The database was written by a newer HAPI"],
  database_corrupt: [500, false, "The database is damaged"],
  database_full: [507, true, "The disk is full; free some space. Nothing was saved, and what was saved before is safe"],
  disk_failed: [500, true, "The disk reported an error"],
  backup_exists: [409, false, "There is a file of that name already"],
  backup_not_found: [404, false, "There is no such backup"],
  backup_damaged: [409, false, "This backup is damaged"],
  backup_foreign: [409, false, "This file is no backup of a HAPI hub"],
  restore_failed: [500, false, "The backup could not be put in place; the hub goes on with what it had"],
  journal_full: [507, true, "Too much is waiting to be sent"],
  host_gone: [503, true, "The session's host is gone"],
  hub_unreachable: [503, true, "The hub can't be reached"],
  protocol_mismatch: [426, false, "The other side speaks another protocol version"],
  not_supported: [501, false, "This is not available yet"],
  not_ready: [503, true, "Not ready"],
  timeout: [504, true, "That took too long"],
  internal: [500, true, "Something went wrong inside HAPI"],
} as const satisfies Record<string, readonly [status: number, retryable: boolean, text: string]>;

export type ErrorCode = keyof typeof table;

export interface ErrorFacts {
  readonly status: number;
  readonly retryable: boolean;
  readonly text: string;
}

export function errorFacts(code: ErrorCode): ErrorFacts {
  const [status, retryable, text] = table[code];
  return { status, retryable, text };
}

export const errorCodes = Object.keys(table) as ErrorCode[];

/** Body of every HTTP error. Clients branch on `(status, code)`; `error` is for people. */
export interface ErrorBody {
  error: string;
  code: ErrorCode;
  issues?: unknown;
  /** Of a resume or retry that failed: the code of whoever noticed (runner, driver, agent). */
  cause?: string;
  /**
   * What can be done instead. `fork`: `POST …/fork` starts a new session with this history on a branch of the agent's own thread. `history`: that
   * thread can't be had any more, but `POST …/fork {"from":"history"}` starts a new session whose agent is given the text of this one.
   */
  offers?: readonly ("fork" | "history" | "retry")[];
  [detail: string]: unknown;
}

/** Behind these every start there fails like this one did: the program or its machine is not there. */
const alsoAnew: ReadonlySet<string> = new Set([
  "agent_not_installed",
  "agent_unsupported_version",
  "environment_missing",
  "unsupported_flavor",
  "rpc_timeout",
  "agent_away",
]);

/** Whether a new session on the same machine is worth an attempt after a start that failed for this reason. */
export function mayBeginAfter(cause: string | null | undefined): boolean {
  return !alsoAnew.has(cause ?? "");
}

/** Whether a branch of the thread is: it also needs the thread itself. */
export function mayBranchAfter(cause: string | null | undefined): boolean {
  return mayBeginAfter(cause) && cause !== "resume_unavailable";
}

export class AppError extends Error {
  readonly code: ErrorCode;
  /** Machine-readable extras that go into the HTTP body beside `error` and `code`. */
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message?: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message ?? table[code][2], { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.details = options.details ?? {};
  }

  get status(): number {
    return table[this.code][0];
  }

  get retryable(): boolean {
    return table[this.code][1];
  }

  toBody(): ErrorBody {
    return { ...this.details, error: this.message, code: this.code };
  }
}

/** The only converter from anything thrown. Unknown failures become `internal`, with the cause kept for the log. */
export function toAppError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  if (isFullDisk(cause)) return new AppError("database_full", undefined, { cause });
  return new AppError("internal", undefined, { cause });
}

/** A person can do something about it, whatever it was that did not fit: the system's own words for no room, and for no quota. */
export function isFullDisk(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
}
