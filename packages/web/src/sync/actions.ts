/** What a person can do outside the chat. Every call rejects with an `AppError`; `errorText` has its words. */
import type { DirectoryEntry, SpawnRequest } from "@hapi/client";
import { codeText, errorText } from "../i18n/error-words.ts";
import { hubLink } from "./link.ts";

export type SpawnOutcome = { kind: "started"; sessionId: string } | { kind: "refused"; reason: string };

const sessions = () => hubLink().api.sessions;
const machines = () => hubLink().api.machines;

export const actions = {
  rename: (id: string, name: string) => sessions().rename(id, name),
  pin: (id: string, mode: "none" | "global") => sessions().pin(id, mode),
  archive: (id: string, reason?: string) => sessions().archive(id, reason),
  remove: (id: string) => sessions().remove(id),
  /** Also brings back an archived one. */
  resume: (id: string) => sessions().reopen(id),
  end: (id: string) => sessions().end(id),
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

export const loadDetail = (id: string): Promise<void> => hubLink().engine.loadSession(id);
export const reconnectNow = (): void => hubLink().engine.reconnect();
