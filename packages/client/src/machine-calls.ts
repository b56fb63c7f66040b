/**
 * What can be started on a machine, and where. Beside `HubApi` and not in it: who only looks at sessions needs none of these, nor their schemas.
 */
import { agentAvailabilitySchema, parser, type SpawnResult, spawnResultSchema } from "@hapi/protocol";
import * as z from "zod/mini";
import { type Ask, expected, fields, many, SLOW_MS, succeeded } from "./asking.ts";

export interface SpawnRequest {
  directory: string;
  agent?: string;
  model?: string | null;
  permissionMode?: string;
  yolo?: boolean;
  sessionType?: "simple" | "worktree";
  worktreeName?: string;
  startingMode?: string;
  /** The same id twice starts one session. */
  launchId?: string;
}

export interface DirectoryEntry {
  name: string;
  type: "file" | "directory" | "other";
  isGitRepo?: boolean;
}

const readSpawn = parser(spawnResultSchema);
const readAvailability = parser(agentAvailabilitySchema);
const readEntry = parser(
  z.looseObject({ name: z.string(), type: z.enum(["file", "directory", "other"]), isGitRepo: z.optional(z.boolean()) }),
);

const at = (id: string, rest: string): string => `/api/machines/${encodeURIComponent(id)}${rest}`;

export function machineCalls({ request }: Pick<Ask, "request">) {
  return {
    async spawn(id: string, body: SpawnRequest): Promise<SpawnResult> {
      return expected(readSpawn(await request("POST", at(id, "/spawn"), { body, timeoutMs: SLOW_MS })));
    },
    async listDirectory(id: string, path: string, includeHidden = false): Promise<DirectoryEntry[]> {
      const answer = await request("POST", at(id, "/list-directory"), { body: { path, includeHidden } });
      return many(readEntry, succeeded(answer).entries);
    },
    async pathsExist(id: string, paths: readonly string[]): Promise<Record<string, boolean>> {
      return fields(fields(await request("POST", at(id, "/paths/exists"), { body: { paths } })).exists) as Record<string, boolean>;
    },
    async agentAvailability(id: string) {
      return expected(readAvailability(await request("GET", at(id, "/agent-availability"), { timeoutMs: SLOW_MS }))).agents;
    },
    restartRunner: (id: string) => request("POST", at(id, "/restart-runner"), { body: {} }),
  };
}
