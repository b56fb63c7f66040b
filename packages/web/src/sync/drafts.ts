/** Half-written prompts, per session, with their files. They survive reloads, crashes and being offline; an empty one is forgotten. */
import type { Draft, DraftStore } from "./port.ts";
import type { Database } from "./database.ts";

function isDraft(value: unknown): value is Draft {
  return (
    typeof value === "object" &&
    value !== null &&
    "text" in value &&
    typeof value.text === "string" &&
    "files" in value &&
    Array.isArray(value.files)
  );
}

export function createDrafts(database: Database): DraftStore {
  return {
    async load(sessionId) {
      const value = await database.get("drafts", sessionId);
      return isDraft(value) ? value : null;
    },
    async save(sessionId, draft) {
      if (draft.text === "" && draft.files.length === 0) await database.remove("drafts", sessionId);
      else {
        const { text, files, at } = draft;
        await database.put("drafts", sessionId, { text, files: [...files], ...(at ? { at } : {}) } satisfies Draft);
      }
    },
  };
}
