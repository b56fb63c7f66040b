/**
 * What a credential may do. Each route, socket event and call to a session or runner stands beside one of these; what stands beside none is
 * refused. People's roles are ready sets of them.
 */

export const SCOPES = [
  /** Sessions, their messages and events, machines: what the lists and a chat show. */
  "sessions:read",
  /** Prompts, and what a person does with a session: stop, name, archive, take up again. */
  "sessions:send",
  "permissions:answer",
  "terminal:read",
  "terminal:write",
  /** Files, folders and git's view of them, on the session's machine. */
  "files:read",
  "files:write",
  "git:write",
  /** New sessions, forks, and the runner that starts them. */
  "machines:spawn",
  /** How much an agent may do without asking. */
  "policy:write",
  "secrets:use",
  "secrets:write",
  /** Who may come in, and the hub itself. */
  "admin",
  /** To be a machine: what a runner says of itself, and what is asked of it. */
  "machine:act",
  /** To be a session: what its process says, and what is asked of it. */
  "session:act",
] as const;
export type Scope = (typeof SCOPES)[number];

const viewer = ["sessions:read", "terminal:read", "files:read"] as const satisfies readonly Scope[];
const approver = [...viewer, "permissions:answer"] as const satisfies readonly Scope[];
const operator = [
  ...approver,
  "sessions:send",
  "terminal:write",
  "files:write",
  "git:write",
  "machines:spawn",
  "policy:write",
  "secrets:use",
] as const satisfies readonly Scope[];
const admin = [...operator, "secrets:write", "admin"] as const satisfies readonly Scope[];

/** The ready sets. `machine` reads nothing but its own; `program` is a HAPI of any make with its runner, in one namespace. */
export const ROLE_SCOPES = {
  viewer,
  approver,
  operator,
  admin,
  machine: ["machine:act", "session:act"],
  program: [...operator, "machine:act", "session:act"],
} as const satisfies Record<string, readonly Scope[]>;
export type Role = keyof typeof ROLE_SCOPES;
export const ROLES = Object.keys(ROLE_SCOPES) as Role[];

/** `legacy`: the hub's shared token. */
export const CREDENTIAL_KINDS = ["person", "device", "machine", "integration", "legacy"] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];
