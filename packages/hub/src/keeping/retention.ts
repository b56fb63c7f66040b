/**
 * What may be deleted by itself: nothing, unless the person who owns the hub said so. Sessions that are pinned, run, or have prompts waiting
 * are never deleted. A session's age counts from whatever happened to it last, archiving included.
 */
import { loadSettings, updateSettings } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import * as z from "zod/mini";

const days = z.nullable(z.number().check(z.int(), z.minimum(1), z.maximum(36_500)));

/** Null means never. */
export const retentionSchema = z.object({
  deleteArchivedAfterDays: days,
  deleteInactiveAfterDays: days,
  /** From this size on the log, `hapi hub status` and `hapi doctor` say that the database is large. Nothing else happens. */
  databaseWarnMegabytes: z.number().check(z.int(), z.minimum(1)),
});
export type Retention = z.infer<typeof retentionSchema>;

export const defaultRetention: Retention = { deleteArchivedAfterDays: null, deleteInactiveAfterDays: null, databaseWarnMegabytes: 4_096 };

export interface RetentionStore {
  read(): Retention;
  write(change: Partial<Retention>): Promise<Retention>;
}

/** A hub without settings. */
export const keepsEverything: RetentionStore = {
  read: () => defaultRetention,
  write: () => Promise.reject(new AppError("not_supported")),
};

/** In the shared `settings.json`. What can't be read deletes nothing. */
export function fileRetention(home: string): RetentionStore {
  return {
    read: () => readRetention(loadSettings(home)),
    write: async (change) => readRetention(await updateSettings(home, () => change)),
  };
}

export function readRetention(values: Readonly<Record<string, unknown>>): Retention {
  const read = <Key extends keyof Retention>(key: Key): Retention[Key] => {
    const parsed = retentionSchema.shape[key].safeParse(values[key] ?? defaultRetention[key]);
    return (parsed.success ? parsed.data : defaultRetention[key]) as Retention[Key];
  };
  return {
    deleteArchivedAfterDays: read("deleteArchivedAfterDays"),
    deleteInactiveAfterDays: read("deleteInactiveAfterDays"),
    databaseWarnMegabytes: read("databaseWarnMegabytes"),
  };
}

export interface Expired {
  id: string;
  rule: "deleteArchivedAfterDays" | "deleteInactiveAfterDays";
}
