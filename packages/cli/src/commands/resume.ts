/** `hapi resume`: continue a session on its own thread, here when it belongs to this machine, through its runner when not. */
import { listSessionRecords } from "@hapi/machine";
import { hapiHome } from "@hapi/platform";
import { hubApi, pickSession } from "../hub-api.ts";
import { isSet, requirePositional, type Command } from "../command.ts";

export const resumeCommand: Command = {
  name: "resume",
  summary: "Continue a session: same id, same conversation",
  usage: "<session> [--remote]",
  options: { remote: { type: "boolean", help: "only wake it; don't open it in this terminal" } },
  examples: ["hapi resume 3f2a", 'hapi resume "Fix the login"', "hapi resume 3f2a --remote"],
  async run(words, context) {
    const wanted = requirePositional(words, "session", "resume");
    const api = hubApi(context.env);
    const session = await pickSession(api, wanted);
    const record = listSessionRecords(hapiHome(context.env)).find((candidate) => candidate.sessionId === session.id);
    if (record && !isSet(words, "remote")) {
      const { runAgent } = await import("./agent.ts");
      return runAgent([record.flavor, "--existing-session-id", record.sessionId], { ...context, cwd: record.cwd });
    }
    const id = await api.sessions.resume(session.id);
    context.terminal.out(`${id} is running${record ? "" : " on its machine"}.`);
    return 0;
  },
};
