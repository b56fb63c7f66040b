/** `CredentialStore` on SQLite. */
import type { Sqlite } from "@hapi/platform";
import type { Credential, CredentialStore } from "../auth/store.ts";
import type { Writer } from "./group-commit.ts";

interface CredentialRow {
  id: string;
  kind: string;
  namespace: string;
  name: string;
  role: string | null;
  scopes: string;
  machine_id: string | null;
  secret_hash: string;
  next_hashes: string;
  spent_hashes: string;
  created_at: number;
  proved_at: number | null;
  last_used_at: number | null;
  last_used_from: string | null;
  expires_at: number | null;
  revoked_at: number | null;
}

export function sqliteCredentials({ db, commits }: { db: Sqlite; commits: Writer }): CredentialStore {
  return {
    put: (credential) =>
      commits.write(() => {
        db.run(
          `INSERT OR REPLACE INTO credentials (id, kind, namespace, name, role, scopes, machine_id, secret_hash, next_hashes, spent_hashes,
             created_at, proved_at, last_used_at, last_used_from, expires_at, revoked_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          credential.id,
          credential.kind,
          credential.namespace,
          credential.name,
          credential.role,
          JSON.stringify(credential.scopes),
          credential.machineId,
          credential.secretHash,
          JSON.stringify(credential.nextHashes),
          JSON.stringify(credential.spentHashes),
          credential.createdAt,
          credential.provedAt,
          credential.lastUsedAt,
          credential.lastUsedFrom,
          credential.expiresAt,
          credential.revokedAt,
        );
      }),
    all: async () => db.all<CredentialRow>("SELECT * FROM credentials ORDER BY created_at, id").map(toCredential),
  };
}

const toCredential = (row: CredentialRow): Credential => ({
  id: row.id,
  kind: row.kind as Credential["kind"],
  namespace: row.namespace,
  name: row.name,
  role: row.role as Credential["role"],
  scopes: JSON.parse(row.scopes) as Credential["scopes"],
  machineId: row.machine_id,
  secretHash: row.secret_hash,
  nextHashes: JSON.parse(row.next_hashes) as string[],
  spentHashes: JSON.parse(row.spent_hashes) as string[],
  createdAt: row.created_at,
  provedAt: row.proved_at,
  lastUsedAt: row.last_used_at,
  lastUsedFrom: row.last_used_from,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
});
