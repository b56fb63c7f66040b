/**
 * A host begins to load while the command line still reads which session it is for: the two are the longest part of the way to the agent's first
 * paint. Runs before anything else is loaded, so it knows little: a line that turns out to be something else leaves it alone.
 */
import { startWaitingHost } from "@hapi/host/waiting";
import { attempt, isTerminal, type WaitingProcess, withoutHubAccess } from "@hapi/platform/lean";
import { FLAVORS } from "@hapi/protocol/flavors";

const askForWords: ReadonlySet<string> = new Set(["--help", "-h", "help", "--version", "-V", "-v"]);

/** Null: this line will hardly begin a session on this terminal. */
export function hostInWaiting(words: readonly string[], env: Readonly<Record<string, string | undefined>>): WaitingProcess | null {
  const isNamed = (FLAVORS as readonly string[]).includes(words[0] ?? "");
  const [first] = isNamed ? words.slice(1) : words;
  const mayBegin = first === undefined || first.startsWith("-") || /\s/.test(first);
  if (!mayBegin || words.some((word) => askForWords.has(word)) || !isTerminal(0) || !isTerminal(1)) return null;
  return (
    attempt(() => startWaitingHost(withoutHubAccess(env), process.cwd()), "one is started when it is needed, and says why it can't be") ??
    null
  );
}
