/** A prompt once more because the person says so; where the agent turns out to have it, that is said and nothing is sent. */
import type { PromptItem } from "@hapi/core";
import { useT } from "../../i18n/index.ts";
import { showToast } from "../../ui/toast.ts";
import { useAction, usePort } from "./chat-context.tsx";
import { leavePrompt } from "./left-prompts.ts";

export function useSendAgain(prompt: PromptItem): [again: () => void, busy: boolean] {
  const t = useT();
  const { actions } = usePort();
  return useAction(async () => {
    const outcome = await actions.sendAgain(prompt);
    // its question is answered: what was sent is a prompt of its own, or the same one on its way again
    if (prompt.stage === "unknown") leavePrompt(prompt.key);
    if (outcome === "has-it") showToast({ tone: "idle", text: t("stage.hasIt") });
  });
}
