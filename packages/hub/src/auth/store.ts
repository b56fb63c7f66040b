/** Who may come in, a port. Of every secret only its digest is kept: whoever reads the database can sign in with nothing that stands there. */
import type { CredentialKind, Role, Scope } from "@hapi/protocol/scopes";

export interface Credential {
  readonly id: string;
  readonly kind: CredentialKind;
  readonly namespace: string;
  readonly name: string;
  /** The ready set it was given; null: scopes of its own. */
  readonly role: Role | null;
  readonly scopes: readonly Scope[];
  /** Of a machine's credential: the one it speaks for. */
  readonly machineId: string | null;
  /** Of the secret it has now. */
  readonly secretHash: string;
  /** Secrets that were given in its place and not used yet: the one whose answer arrived takes over. */
  readonly nextHashes: readonly string[];
  /** Secrets it had before, newest first: whoever comes with one of them is a second one. */
  readonly spentHashes: readonly string[];
  /** All times in ms by the hub's clock. */
  readonly createdAt: number;
  /** When the person behind it last proved who they are. */
  readonly provedAt: number | null;
  readonly lastUsedAt: number | null;
  /** The address it was last used from. */
  readonly lastUsedFrom: string | null;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

export interface CredentialStore {
  /** A new one, or in the place of the one that has its id. */
  put(credential: Credential): Promise<void>;
  /** Oldest first; also those that are revoked. */
  all(): Promise<Credential[]>;
}
