/** What `hapi resume` needs to continue a session in a terminal. */
import { decodeContent, shortText } from "@hapi/core";
import { DEFAULT_FLAVOR, threadKeyOf, type Session } from "@hapi/protocol";
import { chosenOf } from "../../sessions/chosen.ts";
import type { MessageStore } from "../../messages/store.ts";

const lookAt = 20;

export interface ResumeTarget {
  sessionId: string;
  flavor: string;
  directory: string;
  machineId?: string;
  host?: string;
  active: boolean;
  thinking: boolean;
  controlledByUser: boolean;
  agentSessionId: string;
  model?: string;
  effort?: string;
  modelReasoningEffort?: string;
  serviceTier?: string;
  permissionMode?: string;
}

/** Null: the session never told which conversation of its agent it is. */
export function resumeTarget(session: Session): ResumeTarget | null {
  const { metadata } = session;
  const thread = metadata?.[threadKeyOf(metadata.flavor)];
  if (!metadata?.path || typeof thread !== "string" || thread === "") return null;
  const { permissionMode, model } = chosenOf(session);
  return {
    sessionId: session.id,
    flavor: metadata.flavor ?? DEFAULT_FLAVOR,
    directory: metadata.path,
    ...(metadata.machineId === undefined ? {} : { machineId: metadata.machineId }),
    ...(metadata.host === undefined ? {} : { host: metadata.host }),
    active: session.active,
    thinking: session.thinking,
    controlledByUser: session.agentState?.controlledByUser === true,
    agentSessionId: thread,
    ...(model == null ? {} : { model }),
    ...(session.effort == null ? {} : { effort: session.effort }),
    ...(session.modelReasoningEffort == null ? {} : { modelReasoningEffort: session.modelReasoningEffort }),
    ...(session.serviceTier == null ? {} : { serviceTier: session.serviceTier }),
    ...(permissionMode === undefined ? {} : { permissionMode }),
  };
}

/** The first thing a person said, for the picker; looked for in the beginning only. */
export async function firstUserText(messages: MessageStore, sessionId: string): Promise<string | null> {
  const rows = await messages.since(sessionId, 0, lookAt, Number.MAX_SAFE_INTEGER);
  for (const row of rows) {
    for (const event of decodeContent(row.content, row)) {
      if (event.type === "user-message" && event.text.trim() !== "") return shortText(event.text, 300);
    }
  }
  return null;
}
