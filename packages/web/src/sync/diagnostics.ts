/** Diagnostics of one session, read when a person asks for them. */
import type { HubApi } from "@hapi/client";
import { AppError, parser, sessionDiagnosticsSchema, type SessionDiagnostics } from "@hapi/protocol";

const read = parser(sessionDiagnosticsSchema);

export async function diagnosticsOf(api: HubApi, sessionId: string): Promise<SessionDiagnostics> {
  const found = read(await api.sessions.diagnostics(sessionId));
  if (!found) throw new AppError("protocol_mismatch", "The hub answered in a shape this HAPI does not know");
  return found;
}
