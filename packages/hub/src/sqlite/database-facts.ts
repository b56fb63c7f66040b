/** What is in a hub's database, in numbers; and the row by which a backup says what it is. */
import type { Sqlite } from "@hapi/platform";
import * as z from "zod/mini";

export interface DatabaseFacts {
  /** `user_version`: how many steps of `migrations.ts` it went through. */
  layout: number;
  sessions: number;
  messages: number;
  machines: number;
  pageBytes: number;
  pages: number;
  freePages: number;
}

export function databaseFacts(db: Sqlite): DatabaseFacts {
  const one = (sql: string): number => Number(Object.values(db.get<Record<string, number>>(sql) ?? {})[0] ?? 0);
  return {
    layout: one("PRAGMA user_version"),
    sessions: one("SELECT count(*) FROM sessions WHERE merged_into IS NULL"),
    messages: one("SELECT count(*) FROM messages"),
    machines: one("SELECT count(*) FROM machines"),
    pageBytes: one("PRAGMA page_size"),
    pages: one("PRAGMA page_count"),
    freePages: one("PRAGMA freelist_count"),
  };
}

const labelKey = "backup";

const labelSchema = z.object({
  format: z.literal(1),
  createdAt: z.number(),
  version: z.string(),
  /** Who is signed in stays signed in, also on a new machine. The files as they are. */
  secrets: z.object({
    jwtSecret: z.optional(z.string()),
    ownerId: z.optional(z.string()),
    /** The hub's own secret, under the name it had in the first backups. */
    cliApiToken: z.optional(z.string()),
  }),
});

export type BackupLabel = z.infer<typeof labelSchema>;

/** Null: a hub's database that was copied by other means. */
export function readLabel(db: Sqlite): BackupLabel | null {
  const text = readMeta(db, labelKey);
  if (text === null) return null;
  const parsed = labelSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

export function writeLabel(db: Sqlite, label: BackupLabel): void {
  writeMeta(db, labelKey, JSON.stringify(label));
}

export function removeLabel(db: Sqlite): void {
  db.run("DELETE FROM meta WHERE key = ?", labelKey);
}

export function readMeta(db: Sqlite, key: string): string | null {
  return db.get<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)?.value ?? null;
}

/** What is there already is not written again: a full disk must not keep a hub from starting. */
export function writeMeta(db: Sqlite, key: string, value: string): void {
  if (readMeta(db, key) === value) return;
  db.run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value);
}
