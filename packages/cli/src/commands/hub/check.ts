/** `hapi hub check`: is the database whole? Exit code 0 when it is, 1 when something is wrong. */
import { checkHub } from "@hapi/hub";
import { hapiHome } from "@hapi/platform";
import { isSet, type CommandContext, type ParsedWords } from "../../command.ts";
import { counted } from "../../tui/words.ts";
import { problemLines } from "./problems.ts";

export async function check(words: ParsedWords, { terminal, paint, env }: CommandContext): Promise<number> {
  const { path, problems, mended, facts } = await checkHub({ home: hapiHome(env), fix: isSet(words, "fix") });
  const isWhole = problems.length === 0;
  if (isSet(words, "json")) terminal.json({ ok: isWhole, path, problems, mended, ...facts });
  else {
    for (const { text, count } of mended) terminal.out(`Mended: ${count} ${text}`);
    if (isWhole)
      terminal.out(`${path} is whole: ${counted(facts?.sessions ?? 0, "session")}, ${counted(facts?.messages ?? 0, "message")}.`);
    else for (const line of problemLines(problems, paint)) terminal.out(line);
  }
  return isWhole ? 0 : 1;
}
