import type { Sqlite } from "@hapi/platform";
import type { AttachmentStore } from "../uploads/store.ts";
import type { Writer } from "./group-commit.ts";
import type { SessionCache } from "./session-cache.ts";

export interface AttachmentStoreDeps {
  db: Sqlite;
  commits: Writer;
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
