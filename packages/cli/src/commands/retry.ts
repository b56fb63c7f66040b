/** `hapi retry`: the turn that failed once more, on the same conversation; the prompt stands in it once. */
import { hubApi } from "../hub-api.ts";
import { isSet, type Command } from "../command.ts";
import { withNextStep } from "../resume-failure.ts";
import { findSession } from "../which-session.ts";

export const retryCommand: Command = {
  name: "retry",
  reachesHub: true,
  summary: "Try a session's failed or interrupted turn once more",
  usage: "[session] [--json]",
  options: { json: { type: "boolean", help: "print JSON" } },
  takes: { words: 1 },
  examples: ["hapi retry           this directory's session", "hapi retry 3f2a", "hapi retry 3f2a --json"],
  async run(words, context) {
    const api = hubApi(context.env);
    const session = await findSession(api, words.positionals[0] ?? ".", context);
    await api.sessions.retry(session.id).catch((cause: unknown) => Promise.reject(withNextStep(cause, session.id)));
    if (isSet(words, "json")) context.terminal.json({ sessionId: session.id, retried: true });
    else context.terminal.out(`${context.paint.good("✓")} The turn runs again. See it with: hapi resume ${session.id.slice(0, 8)}`);
    return 0;
  },
};
