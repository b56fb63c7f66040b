/** What a session's agent is told to do, and what it can be asked for. */
import { type ModelChoice, parser } from "@hapi/protocol";
import * as z from "zod/mini";
import { type Ask, many, sessionPath, SLOW_MS, succeeded } from "./asking.ts";

export interface SlashCommand {
  name: string;
  description?: string;
  source?: string;
}

const readCommand = parser(z.looseObject({ name: z.string(), description: z.optional(z.string()), source: z.optional(z.string()) }));
const readModel = parser(z.looseObject({ id: z.string(), name: z.optional(z.string()), efforts: z.optional(z.array(z.string())) }));

export function agentCalls({ request, post }: Ask) {
  return {
    /** Interrupts the running turn. */
    abort: (id: string) => post(sessionPath(id, "/abort"), {}),
    /** Ends the agent. */
    end: (id: string) => post(sessionPath(id, "/abort"), { scope: "session" }, SLOW_MS),
    switchControl: (id: string, to: "remote" | "local", now = false) =>
      post(sessionPath(id, "/switch"), now ? { to, now } : { to }, SLOW_MS),
    /** The failed turn once more on the same conversation. */
    retry: (id: string) => post(sessionPath(id, "/retry"), {}, SLOW_MS),
    /** Turns that a provider's error failed are tried again by themselves, or not any more. */
    setAutoRetry: (id: string, enabled: boolean) => post(sessionPath(id, "/auto-retry"), { enabled }, SLOW_MS),
    /** The try that is planned does not happen. */
    stopRetry: (id: string) => request("DELETE", sessionPath(id, "/retry")),
    setPermissionMode: (id: string, mode: string) => post(sessionPath(id, "/permission-mode"), { mode }, SLOW_MS),
    setModel: (id: string, model: string | null) => post(sessionPath(id, "/model"), { model }, SLOW_MS),
    setEffort: (id: string, effort: string | null) => post(sessionPath(id, "/effort"), { effort }, SLOW_MS),
    async slashCommands(id: string): Promise<SlashCommand[]> {
      return many(readCommand, succeeded(await request("GET", sessionPath(id, "/slash-commands"))).commands);
    },
    async models(id: string): Promise<ModelChoice[]> {
      const { models } = succeeded(await request("GET", sessionPath(id, "/models"), { timeoutMs: SLOW_MS }));
      return many(readModel, models).map(({ id, name = id, efforts }) => ({ id, name, ...(efforts ? { efforts } : {}) }));
    },
  };
}
