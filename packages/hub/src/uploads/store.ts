/** What was uploaded to which session. Gone with the session. */
import type { Sqlite } from "@hapi/platform";
import type { GroupCommit } from "../db/group-commit.ts";
import type { HubEvent } from "../events/hub-event.ts";
import type { SessionCache } from "../sessions/session-cache.ts";

export interface StoredAttachment {
  path: string;
  filename: string;
  mimeType: string;
  sizeBytes: number;
}

export interface AttachmentStore {
  add(sessionId: string, attachment: StoredAttachment): Promise<void>;
  remove(sessionId: string, path: string): Promise<void>;
}

export interface AttachmentStoreDeps {
  db: Sqlite;
  commits: GroupCommit<HubEvent>;
  cache: SessionCache;
  now: () => number;
}

export function sqliteAttachmentStore({ db, commits, cache, now }: AttachmentStoreDeps): AttachmentStore {
  return {
    add: (sessionId, attachment) =>
      commits.write(() => {
        const row = cache.row(sessionId);
        if (!row) return;
        const { path, filename, mimeType, sizeBytes } = attachment;
        db.run(
          "INSERT OR REPLACE INTO attachments (session_pk, path, filename, mime_type, size_bytes, created_at) VALUES (?, ?, ?, ?, ?, ?)",
          row.pk,
          path,
          filename,
          mimeType,
          sizeBytes,
          now(),
        );
      }),
    remove: (sessionId, path) =>
      commits.write(() => {
        const row = cache.row(sessionId);
        if (row) db.run("DELETE FROM attachments WHERE session_pk = ? AND path = ?", row.pk, path);
      }),
  };
}
