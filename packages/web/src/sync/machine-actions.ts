/** What a person can do on a machine: look round there, and start a session. Every call but `spawn` rejects with an `AppError`. */
import { type DirectoryEntry, machineCalls, type SpawnRequest } from "@hapi/client";
import { codeText, errorText } from "../i18n/error-words.ts";
import { hubLink } from "./link.ts";

export type SpawnOutcome = { kind: "started"; sessionId: string } | { kind: "refused"; reason: string };

const machines = () => machineCalls(hubLink().api);

export const machineActions = {
  agents: (machineId: string) => machines().agentAvailability(machineId),
  async directoryExists(machineId: string, path: string): Promise<boolean> {
    return (await machines().pathsExist(machineId, [path]))[path] === true;
  },
  listDirectories: async (machineId: string, path: string): Promise<DirectoryEntry[]> =>
    (await machines().listDirectory(machineId, path)).filter((entry) => entry.type === "directory"),
  /** Refusals of the machine and failures on the way are the same to the person at the form. */
  async spawn(machineId: string, body: SpawnRequest): Promise<SpawnOutcome> {
    try {
      const answer = await machines().spawn(machineId, body);
      if (answer.type === "success") return { kind: "started", sessionId: answer.sessionId };
      return {
        kind: "refused",
        reason: answer.type === "error" ? codeText(answer.code, answer.message ?? answer.errorMessage) : answer.directory,
      };
    } catch (error) {
      return { kind: "refused", reason: errorText(error) };
    }
  },
} as const;
