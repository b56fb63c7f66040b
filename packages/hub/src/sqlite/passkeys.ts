/** `PasskeyStore` on SQLite. */
import type { Sqlite } from "@hapi/platform";
import type { Passkey, PasskeyStore } from "../auth/passkeys/store.ts";
import type { Writer } from "./group-commit.ts";

interface PasskeyRow {
  id: string;
  namespace: string;
  user_handle: string;
  name: string;
  rp_id: string;
  public_key: string;
  counter: number;
  transports: string;
  synced: number;
  created_at: number;
  last_used_at: number | null;
}

export function sqlitePasskeys({ db, commits }: { db: Sqlite; commits: Writer }): PasskeyStore {
  return {
    put: (passkey) =>
      commits.write(() => {
        db.run(
          `INSERT OR REPLACE INTO passkeys (id, namespace, user_handle, name, rp_id, public_key, counter, transports, synced, created_at, last_used_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          passkey.id,
          passkey.namespace,
          passkey.userHandle,
          passkey.name,
          passkey.rpId,
          passkey.publicKey,
          passkey.counter,
          JSON.stringify(passkey.transports),
          passkey.isSynced ? 1 : 0,
          passkey.createdAt,
          passkey.lastUsedAt,
        );
      }),
    remove: (id) => commits.write(() => void db.run("DELETE FROM passkeys WHERE id = ?", id)),
    all: async () => db.all<PasskeyRow>("SELECT * FROM passkeys ORDER BY created_at, id").map(toPasskey),
  };
}

const toPasskey = (row: PasskeyRow): Passkey => ({
  id: row.id,
  namespace: row.namespace,
  userHandle: row.user_handle,
  name: row.name,
  rpId: row.rp_id,
  publicKey: row.public_key,
  counter: row.counter,
  transports: JSON.parse(row.transports) as string[],
  isSynced: row.synced === 1,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
});
