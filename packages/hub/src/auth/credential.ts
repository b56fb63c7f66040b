/** What a credential is when it is made, and when it is over. */
import { AppError } from "@hapi/protocol";
import { ROLE_SCOPES, SCOPES, type CredentialKind, type Role } from "@hapi/protocol/scopes";
import type { Credential } from "./store.ts";

/** The hub's shared token, of every namespace: one credential, which is there from the start with everything. */
export const LEGACY = "legacy";
export const defaultNamespace = "default";
/** A half year; then a person has to sign the device in anew. */
export const deviceLifetimeMs = 180 * 24 * 3_600_000;

export interface NewCredential {
  kind: CredentialKind;
  namespace: string;
  name: string;
  role: Role;
  machineId?: string;
  /** In ms; absent: until it is revoked. */
  lifetimeMs?: number;
  /** A person stands behind it who has just proved who they are. */
  isProved?: boolean;
  /** The credential of who invites it, which has to have the scope for that still. */
  by?: string;
}

export const sharedToken: Credential = {
  id: LEGACY,
  kind: "legacy",
  namespace: defaultNamespace,
  name: "Shared token",
  role: null,
  scopes: SCOPES,
  machineId: null,
  secretHash: "",
  nextHashes: [],
  spentHashes: [],
  createdAt: 0,
  provedAt: null,
  lastUsedAt: null,
  lastUsedFrom: null,
  expiresAt: null,
  revokedAt: null,
};

export function newCredential(wanted: NewCredential, { id, secretHash, now }: { id: string; secretHash: string; now: number }): Credential {
  const { kind, namespace, name, role, machineId = null, lifetimeMs, isProved } = wanted;
  return {
    ...sharedToken,
    ...{ id, kind, namespace, name, role, machineId, secretHash },
    scopes: ROLE_SCOPES[role],
    createdAt: now,
    provedAt: isProved ? now : null,
    expiresAt: lifetimeMs === undefined ? null : now + lifetimeMs,
  };
}

/** @throws `legacy_access_off`, `credential_revoked`, `credential_expired` */
export function checkAlive({ kind, revokedAt, expiresAt }: Credential, now: number): void {
  if (revokedAt !== null) throw new AppError(kind === "legacy" ? "legacy_access_off" : "credential_revoked");
  if (expiresAt !== null && expiresAt <= now) throw new AppError("credential_expired");
}
