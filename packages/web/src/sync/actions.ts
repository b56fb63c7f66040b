/** What a person can do outside the chat. Every call rejects with an `AppError`; `errorText` has its words. */
import type { DirectoryEntry, SpawnRequest } from "@hapi/client";
import { codeText, errorText } from "../i18n/error-words.ts";
import type { AnswerResult, RequestActions } from "../features/chat/port.ts";
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

type ClientAnswer = Awaited<ReturnType<ReturnType<typeof hubLink>["api"]["permissions"]["approve"]>>;

/** How a closed request was answered and by whom, in the words its record has for it. */
function toAnswer(answer: ClientAnswer): AnswerResult {
  if (answer.status !== "closed") return { status: answer.status };
  const word = (key: string): string | null => {
    const value = answer.outcome?.[key];
    return typeof value === "string" ? value : null;
  };
  return { status: "closed", outcome: word("status"), by: word("by") };
}

export const requestActions: RequestActions = {
  async approve(sessionId, requestId, { forSession, answers, mode }) {
    const body = {
      decision: forSession ? ("approved_for_session" as const) : ("approved" as const),
      ...(answers === undefined ? {} : { answers }),
      ...(mode === undefined ? {} : { mode }),
    };
    return toAnswer(await hubLink().api.permissions.approve(sessionId, requestId, body));
  },
  async deny(sessionId, requestId, { reason, abort }) {
    const body = { decision: abort ? ("abort" as const) : ("denied" as const), ...(reason ? { reason } : {}) };
    return toAnswer(await hubLink().api.permissions.deny(sessionId, requestId, body));
  },
};

export const loadDetail = (id: string): Promise<void> => hubLink().engine.loadSession(id);
export const reconnectNow = (): void => hubLink().engine.reconnect();
