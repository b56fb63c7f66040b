/** What a person can do outside the chat. Every call rejects with an `AppError` whose message is for people. */
import { toAppError, type AgentAvailability, type SpawnResult } from "@hapi/protocol";
import { readSession, request } from "./engine.ts";

export interface DirectoryEntry {
  name: string;
  isDirectory: boolean;
  isGitRepo: boolean;
}

export interface SpawnRequest {
  directory: string;
  agent: string;
  launchId: string;
  permissionMode?: string;
  model?: string;
}

export type SpawnOutcome = { kind: "started"; sessionId: string } | { kind: "refused"; reason: string };

const session = (id: string, rest = ""): string => `/api/sessions/${encodeURIComponent(id)}${rest}`;
const machine = (id: string, rest: string): string => `/api/machines/${encodeURIComponent(id)}${rest}`;

export const actions = {
  rename: (id: string, name: string) => request("PATCH", session(id), { name }),
  pin: (id: string, mode: "none" | "global") => request("PUT", session(id, "/pin"), { mode }),
  archive: (id: string, reason?: string) => request("POST", session(id, "/archive"), { reason }),
  unarchive: (id: string) => request("POST", session(id, "/unarchive"), {}),
  remove: (id: string) => request("DELETE", session(id)),
  resume: (id: string) => request("POST", session(id, "/resume"), {}),
  end: (id: string) => request("POST", session(id, "/abort"), { scope: "session" }),
  agents: async (id: string) => ((await request("GET", machine(id, "/agent-availability"))) as AgentAvailability).agents,
  async directoryExists(id: string, path: string): Promise<boolean> {
    const { exists } = (await request("POST", machine(id, "/paths/exists"), { paths: [path] })) as { exists: Record<string, boolean> };
    return exists[path] === true;
  },
  async listDirectory(id: string, path: string): Promise<DirectoryEntry[]> {
    const body = (await request("POST", machine(id, "/list-directory"), { path })) as {
      success: boolean;
      error?: string;
      entries?: { name: string; type: string; isGitRepo?: boolean }[];
    };
    if (!body.success) throw new Error(body.error);
    return (body.entries ?? []).map((entry) => ({ name: entry.name, isDirectory: entry.type === "directory", isGitRepo: entry.isGitRepo === true }));
  },
  async spawn(id: string, body: SpawnRequest): Promise<SpawnOutcome> {
    try {
      const answer = (await request("POST", machine(id, "/spawn"), body)) as SpawnResult;
      if (answer.type === "success") return { kind: "started", sessionId: answer.sessionId };
      return { kind: "refused", reason: answer.type === "error" ? (answer.message ?? answer.errorMessage ?? "") : answer.directory };
    } catch (error) {
      return { kind: "refused", reason: toAppError(error).message };
    }
  },
};

export const loadDetail = (id: string): Promise<void> => readSession(id);
export const reconnectNow = (): void => undefined;
