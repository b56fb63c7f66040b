/**
 * The text of an earlier conversation on its way to the agent: in a file of the session's folder, in front of the first prompt, once. Which prompt
 * carries it is on disk before that prompt is handed, and it is over only when the agent's own record has the prompt: until then, after a crash at
 * any moment, the next one asks that record and carries it again where it is not there.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Conversation, DriverLog, DriverMemory, DriverPrompt } from "@hapi/agents";
import type { AgentPromptState } from "@hapi/core";
import type { AppError } from "@hapi/protocol";
import { writeFileAtomic } from "@hapi/platform/lean";
import type { PromptAgent } from "./withdrawals.ts";

const FILE = "history.txt";
/** Beside the driver's own keys. */
const KEY = "hapi.earlier";

type Mark = { carrier: string } | { given: true };

/** Before the session file that names it, so that it is there whenever that says so. */
export function keepEarlier(dir: string, text: string): void {
  writeFileAtomic(join(dir, FILE), text, { mode: 0o600 });
}

/** To the person whose terminal did not open: what was said is not gone with the agent's thread. */
export function nextBest({ code, message }: AppError, sessionId: string): string {
  if (code !== "resume_unavailable") return message;
  const said = /[.!?]$/.test(message) ? message : `${message}.`;
  return `${said} Go on in a new session whose agent is given the text of this one: hapi resume ${sessionId.slice(0, 8)} --history`;
}

export interface Earlier {
  /** The agent as the queue sees it. */
  readonly agent: PromptAgent;
  /** A prompt has come this far. */
  staged(localId: string, stage: AgentPromptState): void;
}

export interface EarlierDeps {
  dir: string;
  /** This session goes on from an earlier conversation. */
  isCarried: boolean;
  conversation: Conversation;
  memory: DriverMemory;
  /** The agent's own commands: it reads them only where nothing stands before them. */
  commands(): readonly string[];
  log: DriverLog;
}

const inItsRecord: ReadonlySet<AgentPromptState> = new Set(["in-transcript", "started", "done"]);

export function createEarlier(deps: EarlierDeps): Earlier {
  const { conversation, memory, log } = deps;
  const path = join(deps.dir, FILE);

  /** Null: there is nothing to give (any more). */
  function mark(): { carrier?: string } | null {
    const kept = memory.get<Mark>(KEY);
    if (!deps.isCarried || (kept && "given" in kept)) return null;
    return kept ?? {};
  }

  const isThere = async (localId: string): Promise<boolean> => (await conversation.lookup(localId)) === "present";

  function isCommand(text: string): boolean {
    const name = /^\/(\S+)/.exec(text)?.[1];
    return name !== undefined && deps.commands().some((known) => known.replace(/^\//, "") === name);
  }

  async function carried(prompt: DriverPrompt): Promise<DriverPrompt> {
    const now = mark();
    if (now === null || isCommand(prompt.text)) return prompt;
    if (now.carrier !== undefined && now.carrier !== prompt.localId && (await isThere(now.carrier))) return prompt;
    await memory.commit({ [KEY]: { carrier: prompt.localId } satisfies Mark });
    log.info("earlier.carried", { localId: prompt.localId, before: now.carrier });
    return { ...prompt, earlier: path };
  }

  /** Another prompt than the one that carried it says the same, unless that one was taken back before. */
  async function given(localId: string): Promise<void> {
    const carrier = mark()?.carrier;
    if (carrier === undefined || (carrier !== localId && !(await isThere(carrier)))) return;
    await memory.commit({ [KEY]: { given: true } satisfies Mark });
    rmSync(path, { force: true });
    log.info("earlier.given", { localId: carrier });
  }

  // A kill between the two leaves the file.
  if (deps.isCarried && mark() === null && existsSync(path)) rmSync(path, { force: true });

  return {
    agent: {
      get busy() {
        return conversation.busy;
      },
      prompt: async (prompt) => conversation.prompt(await carried(prompt)),
      lookup: (localId) => conversation.lookup(localId),
      withdraw: (localId) => conversation.withdraw(localId),
    },
    staged(localId, stage) {
      if (!inItsRecord.has(stage) || mark() === null) return;
      given(localId).catch((cause: unknown) => log.warn("earlier.not_noted", { cause }));
    },
  };
}
