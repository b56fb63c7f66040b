/** Machines of the scripted hub: the agents they have, their directories, and the sessions started on them. */
import type { Session } from "@hapi/protocol";
import { makeSession } from "./fixture-data.ts";

/** Answers a route of one machine. `added` takes the session that a spawn makes. */
export function machineRoute(
  method: string,
  id: string,
  action: string,
  body: Record<string, unknown>,
  added: (session: Session) => void,
): Response {
  switch (`${method} ${action}`) {
    case "GET agent-availability":
      return Response.json({
        agents: [
          { agent: "demo", available: true },
          { agent: "claude", available: true, version: "2.1.4" },
          { agent: "codex", available: true, version: "0.60.0" },
          { agent: "gemini", available: false, reason: "not_found" },
        ],
      });
    case "POST paths/exists": {
      const paths = Array.isArray(body["paths"]) ? body["paths"].map(String) : [];
      return Response.json({ exists: Object.fromEntries(paths.map((path) => [path, !path.includes("nowhere")])) });
    }
    case "POST list-directory":
      return Response.json({
        success: true,
        entries: [
          ...["ledger", "shop", "site"].map((name) => ({ name, type: "directory", isGitRepo: name !== "site" })),
          { name: "notes.txt", type: "file", size: 1200 },
        ],
      });
    case "POST spawn": {
      const session = makeSession(
        {
          id: crypto.randomUUID(),
          path: String(body["directory"]),
          flavor: String(body["agent"] ?? "claude"),
          machineId: id,
          minutesAgo: 0,
        },
        Date.now(),
      );
      added(session);
      return Response.json({ type: "success", sessionId: session.id });
    }
    default:
      return Response.json({ ok: true });
  }
}
