/** The header's place for what is to be said about the connection; its code follows the first paint. */
import { part } from "./part.tsx";
import { source } from "./source.ts";

export const ConnectionNote = part(
  source(() => import("../features/connection/connection-note.tsx")),
  (module) => module.ConnectionNote,
  { late: "quiet" },
);
