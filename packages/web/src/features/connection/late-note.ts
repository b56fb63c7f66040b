/** The header's place for what is to be said about the connection; its code follows the first paint. */
import { part } from "../../ui/part.tsx";
import { source } from "../../ground/source.ts";

export const ConnectionNote = part(
  source(() => import("./connection-note.tsx")),
  (module) => module.ConnectionNote,
  { late: "quiet" },
);
