/** What is said over HTTP of who may come in: codes, sign-ins, credentials. Ours throughout. */
import * as z from "zod/mini";
import { CREDENTIAL_KINDS, ROLES, SCOPES } from "./scopes.ts";

const name = z.string().check(z.minLength(1), z.maxLength(80));
const role = z.enum(ROLES);

/** `POST /api/credentials/codes`: a code of ten minutes that signs one device in. */
export const codeBody = z.object({ role: z.optional(z.enum(["viewer", "approver", "operator", "admin"])) });
/** `POST /api/auth/code` */
export const useCodeBody = z.object({ code: z.string().check(z.maxLength(64)), name: z.optional(name) });
/** `POST /api/auth/refresh` */
export const refreshBody = z.object({ refresh: z.string().check(z.maxLength(200)) });
/** `POST /api/credentials`: for programs. `namespace`: other than one's own is the owner's. */
export const newCredentialBody = z.object({
  kind: z.enum(["machine", "integration"]),
  name,
  role: z.optional(role),
  namespace: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  machineId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  /** Whole ones, ten years at most. */
  lifetimeDays: z.optional(z.number()),
});
/** `PUT /api/credentials/:id/name` */
export const credentialNameBody = z.object({ name });
/** `PUT /api/credentials/:id`. Null, for the shared token only: everything, as at the beginning. */
export const roleBody = z.object({ role: z.nullable(role) });

export const credentialSchema = z.looseObject({
  id: z.string(),
  kind: z.enum(CREDENTIAL_KINDS),
  namespace: z.string(),
  name: z.string(),
  role: z.nullable(role),
  scopes: z.array(z.enum(SCOPES)),
  machineId: z.nullable(z.string()),
  createdAt: z.number(),
  lastUsedAt: z.nullable(z.number()),
  lastUsedFrom: z.nullable(z.string()),
  expiresAt: z.nullable(z.number()),
  revokedAt: z.nullable(z.number()),
  /** The one that asks. */
  isThis: z.boolean(),
});
export type CredentialView = z.infer<typeof credentialSchema>;

/** Answers. */
export const credentialsAnswer = z.looseObject({ credentials: z.array(credentialSchema) });
export const codeAnswer = z.looseObject({
  /** For asking what became of it. */
  id: z.optional(z.string()),
  code: z.string(),
  expiresAt: z.number(),
  /** From the answer on, for who has another clock than the hub. */
  expiresInMs: z.optional(z.number()),
  role: z.string(),
});
/** `GET /api/credentials/codes/:id`, for the one who made it. `over`: too old, or the hub was started anew. */
export const codeStateAnswer = z.looseObject({
  state: z.enum(["open", "used", "over"]),
  usedAt: z.optional(z.number()),
  device: z.optional(z.looseObject({ id: z.string(), name: z.string() })),
});
/** `DELETE /api/credentials/codes/:id`. False: it was used, over or another's. */
export const withdrawnAnswer = z.looseObject({ withdrawn: z.boolean() });
export const issuedAnswer = z.looseObject({ credential: credentialSchema, token: z.string() });
/** Whether it was not before, or how many. */
export const revokedAnswer = z.looseObject({ revoked: z.union([z.boolean(), z.number()]) });
/**
 * `GET /api/credentials/notices`: `failed`, of an address block or of `many addresses`, how many so far; `device`, one that is new. `from`: in the
 * hub's words. `at`: in ms.
 */
export const signInNotice = z.looseObject({
  kind: z.enum(["failed", "device"]),
  at: z.number(),
  from: z.string(),
  count: z.optional(z.number()),
  name: z.optional(z.string()),
  namespace: z.optional(z.string()),
  credentialId: z.optional(z.string()),
});
export type SignInNotice = z.infer<typeof signInNotice>;
export const signInNotices = z.looseObject({ notices: z.array(signInNotice) });
/** `/api/lock`. `since`: in ms. `revoked`: how many browsers and phones it signed out. */
export const lockAnswer = z.looseObject({
  locked: z.boolean(),
  since: z.optional(z.number()),
  by: z.optional(z.string()),
  revoked: z.optional(z.number()),
  wasLocked: z.optional(z.boolean()),
});
export type LockAnswer = z.infer<typeof lockAnswer>;
export type IssuedAnswer = z.infer<typeof issuedAnswer>;
