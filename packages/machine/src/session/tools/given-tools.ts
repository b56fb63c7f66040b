/** What an agent is started with so that it has HAPI's own tools: an MCP server on its stdio that calls at the session's door. Loads no server. */
import type { OwnTools } from "@hapi/agents";
import { selfCommand } from "@hapi/platform/lean";
import { HOOK_TOKEN_ENV } from "../hook-protocol.ts";
import { TOOL_SERVER, UNASKED } from "./tool-list.ts";

/** The words of the server's command that are ours, behind the program. */
const toolWords = (sockets: readonly string[]): string[] => ["mcp", ...sockets];

/** `sockets`: the door's, and the host's. `token`: what opens the door. Nothing that opens the hub is among it. */
export function givenTools({ sessionId, sockets, token }: { sessionId: string; sockets: readonly string[]; token: string }): OwnTools {
  return {
    name: TOOL_SERVER,
    command: selfCommand(...toolWords(sockets)),
    env: { HAPI_SESSION_ID: sessionId, [HOOK_TOKEN_ENV]: token },
    unasked: UNASKED,
  };
}

/** Whether a process was started as such a server. */
export function isToolServer(argv: readonly string[], sockets: readonly string[]): boolean {
  const words = toolWords(sockets);
  return argv.length > words.length && argv.slice(-words.length).join("\0") === words.join("\0");
}
