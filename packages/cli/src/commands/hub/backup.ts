/** `hapi hub backup [FILE]`: everything the hub knows in one checked file, while the hub runs. */
import { makeBackup } from "@hapi/hub";
import { hapiHome, systemClock } from "@hapi/platform";
import { isSet, type CommandContext, type ParsedWords } from "../../command.ts";
import { counted, sizeText } from "../../tui/words.ts";
import { cliVersion } from "../../version.ts";
import { problemLines } from "./problems.ts";

const SHOW_EVERY_MS = 1_000;

export async function backup(words: ParsedWords, { terminal, paint, env }: CommandContext): Promise<number> {
  const target = words.positionals[1];
  const startedAt = systemClock.now();
  let shownAt = startedAt;
  const made = await makeBackup({
    home: hapiHome(env),
    ...(target === undefined ? {} : { target }),
    version: cliVersion,
    now: startedAt,
    onProgress(written, expected) {
      if (!terminal.isInteractive || systemClock.now() - shownAt < SHOW_EVERY_MS) return;
      shownAt = systemClock.now();
      terminal.note(paint.dim(`Copied ${sizeText(written)} of at most ${sizeText(expected)}`));
    },
  });
  const tookMs = systemClock.now() - startedAt;
  if (isSet(words, "json")) terminal.json({ ...made, tookMs });
  else {
    terminal.out(`${made.path}  ${sizeText(made.bytes)}, read back and checked in ${(tookMs / 1000).toFixed(1)} s`);
    terminal.out(
      `${counted(made.sessions, "session")}, ${counted(made.messages, "message")}, ${counted(made.machines, "machine")}. It holds the hub's keys: keep it private.`,
    );
    for (const line of problemLines(made.problems, paint)) terminal.note(line);
  }
  return 0;
}
