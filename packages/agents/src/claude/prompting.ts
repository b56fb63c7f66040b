/** Prompts, and the repetition of a failed one, on their way to a driven Claude: durable before a byte is written, and never handed twice. */
import { AppError } from "@hapi/protocol";
import type { Conversation, DriverPrompt } from "../driver.ts";
import type { Core } from "./core.ts";
import type { Fronts } from "./fronts.ts";
import type { Handing } from "./handing.ts";
import type { Json } from "./json.ts";
import { uuidsOf } from "./lookup.ts";
import { contentOf } from "./prompt-content.ts";
import type { RemoteFront } from "./remote-front.ts";
import { retryLastTurn } from "./retry.ts";

export interface PromptingParts {
  core: Core;
  fronts: Fronts;
  handing: Handing;
  lookup: Conversation["lookup"];
  answerMs: number;
}

export function createPrompting(parts: PromptingParts): Pick<Conversation, "prompt" | "retry"> {
  const { core, fronts, handing, answerMs } = parts;
  return {
    async prompt(given) {
      const front = fronts.remote();
      await handing.hand(front, (send) => prompt(parts, given, { launchId: front.process.launchId, send }));
    },
    /** A Claude that does not read has it before it all the same: it can be taken back, and its end is told when the process ends. */
    async retry() {
      const front = fronts.remote();
      await handing.hand(front, (send) =>
        retryLastTurn(core, front, async (line, inputId) => {
          if (!(await handing.inTime(send(line, inputId)))) core.context.log.warn("claude.retry_unread", { waitedMs: answerMs });
        }),
      );
    },
  };
}

interface Receiver {
  launchId: string;
  send: RemoteFront["send"];
}

async function prompt({ core, lookup }: PromptingParts, given: DriverPrompt, to: Receiver): Promise<void> {
  const { localId, text, attachments, earlier } = given;
  if ((await lookup(localId)) === "present") throw new AppError("session_conflict", "This prompt was handed to the agent already");
  const content = await contentOf(given);
  const uuid = uuidsOf(core.context.sessionId, localId).find((one) => !core.prompts.isSpent(one));
  if (uuid === undefined)
    throw new AppError("session_conflict", "This prompt was sent and taken back too often. Send its words as a new one");
  const { inputId } = await core.prompts.add({ uuid, localId, text, attachments, earlier, launchId: to.launchId });
  const message = { role: "user", content };
  const line: Json = { type: "user", message, parent_tool_use_id: null, session_id: core.thread?.id ?? "", uuid };
  await to.send(line, inputId);
  if (core.prompts.find(localId)?.recorded === false) core.context.emit({ type: "stage", localId, stage: "handed" });
}
