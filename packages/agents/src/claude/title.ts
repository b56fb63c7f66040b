/**
 * A name for a conversation that only the remote front has seen: the terminal names its own, a driven Claude does when it is asked. Asked once per
 * process, after the first turn that came to its end; without an answer the conversation stays as it is.
 */
import { shortText } from "@hapi/core";
import type { Control } from "./control.ts";
import type { Core } from "./core.ts";
import { str } from "./json.ts";

const TITLE_MS = 30_000;
const MAX_TITLE = 200;

/** To be called after each completed turn. */
export function createTitleAsker(core: Core, control: Control): () => void {
  let asked = false;

  async function ask(description: string): Promise<void> {
    const answer = await control.request("generate_session_title", { description, persist: true }, TITLE_MS);
    const title = str(answer["title"])?.trim();
    if (title) core.context.emit({ type: "title", title: shortText(title, MAX_TITLE) });
  }

  return () => {
    const state = core.feed?.parser.state;
    if (asked || !state?.fresh || state.title !== null || !state.first) return;
    asked = true;
    ask(state.first).catch((cause: unknown) => core.context.log.debug("claude.title_unanswered", { cause }));
  };
}
