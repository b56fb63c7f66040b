/** `hapi lock` and `hapi unlock`: everything at once, when somebody else may have got in. Locking works from anywhere, unlocking on the hub's own computer. */
import { AppError, parser } from "@hapi/protocol";
import { type LockAnswer, lockAnswer } from "@hapi/protocol/credentials";
import { isSet, type Command, type CommandContext } from "../command.ts";
import { hubApi } from "../hub-api.ts";
import { counted } from "../tui/words.ts";

const readLock = parser(lockAnswer);

export const lockCommand: Command = {
  name: "lock",
  summary: "Lock everything: nobody elsewhere gets in, nothing is sent, started or answered",
  usage: "[--json]",
  options: { json: { type: "boolean", help: "print JSON" } },
  takes: {},
  examples: ["hapi lock", "hapi unlock    on the hub's own computer, when it is over"],
  async run(words, context) {
    const answer = await ask("PUT", context);
    if (isSet(words, "json")) context.terminal.json(answer);
    else context.terminal.out(lockedWords(answer));
    return 0;
  },
};

export const unlockCommand: Command = {
  name: "unlock",
  summary: "Take hapi lock back, on the hub's own computer",
  usage: "[--json]",
  options: { json: { type: "boolean", help: "print JSON" } },
  takes: {},
  examples: ["hapi unlock"],
  async run(words, context) {
    const answer = await ask("DELETE", context);
    if (isSet(words, "json")) context.terminal.json(answer);
    else
      context.terminal.out(
        answer.wasLocked
          ? "Unlocked. What waited goes on; browsers and phones sign in anew: hapi web\nLook at who may come in: hapi auth devices, and the passkeys under Settings, Devices; revoke what you do not know."
          : "It was not locked. See who may come in with: hapi auth devices",
      );
    return 0;
  },
};

function lockedWords({ revoked = 0 }: LockAnswer): string {
  const out = revoked > 0 ? `${counted(revoked, "device")} signed out. ` : "";
  return [
    `Locked. ${out}Only programs of the hub's own computer get in; nothing is sent, started or answered.`,
    "What agents are doing goes on until they ask for something; hapi stop ends a session. Prompts wait, and nothing is lost.",
    "Unlock it on the hub's own computer: hapi unlock",
  ].join("\n");
}

async function ask(method: "PUT" | "DELETE", { env }: CommandContext): Promise<LockAnswer> {
  const response = await hubApi(env).open(method, "/api/lock");
  const answer = readLock(await response.json());
  if (answer === null) throw new AppError("protocol_mismatch");
  return answer;
}
