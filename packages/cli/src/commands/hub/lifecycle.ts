/** `hapi hub stop | restart | logs`: the hub of this home, wherever it was started. Sessions go on meanwhile. */
import { delay, hapiHome, isAlive, logDir, processStartTime, runningHub, systemClock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { isSet, type CommandContext, type ParsedWords } from "../../command.ts";
import { wordsOf } from "../../listen-options.ts";
import { startInBackground, untilHealthy } from "../../local-hub.ts";
import { tailOf } from "../../log-tail.ts";

const END_MS = 15_000;
const LOOK_MS = 30;

export async function stop(words: ParsedWords, context: CommandContext): Promise<number> {
  const ended = await endHub(hapiHome(context.env));
  if (isSet(words, "json")) context.terminal.json({ stopped: ended !== null, pid: ended?.pid ?? null });
  else
    context.terminal.out(
      ended === null ? "No hub runs on this home." : "The hub has stopped. Sessions go on; they are there again when it is back.",
    );
  return 0;
}

export async function restart(words: ParsedWords, context: CommandContext): Promise<number> {
  const { terminal, env } = context;
  const home = hapiHome(env);
  const ended = await endHub(home);
  // On the same address: everybody who knows it comes back by himself.
  const where = ended?.url ? new URL(ended.url) : null;
  const plain = where ? ["--host", ended?.isOpen ? "0.0.0.0" : where.hostname, "--port", where.port || "80"] : [];
  const address = ended?.listen ? wordsOf(ended.listen) : plain;
  const { failed } = startInBackground(env, home, address);
  const url = await Promise.race([failed, untilHealthy(env)]);
  if (isSet(words, "json")) terminal.json({ url, pid: runningHub(home)?.pid ?? null, wasRunning: ended !== null });
  else terminal.out(`The hub is running at ${url}, in the background. Sessions come back to it by themselves.`);
  return 0;
}

export async function logs(_words: ParsedWords, context: CommandContext): Promise<number> {
  context.terminal.out(tailOf(`${logDir(hapiHome(context.env))}/hub.log`) ?? "The hub has not written a log yet.");
  return 0;
}

/** What it was; null where none runs. Resolves when it is gone, with its runner. */
async function endHub(home: string): Promise<ReturnType<typeof runningHub>> {
  const hub = runningHub(home);
  if (!hub) return null;
  const id = { pid: hub.pid, startTime: processStartTime(hub.pid) };
  process.kill(hub.pid, "SIGTERM");
  const deadline = systemClock.now() + END_MS;
  while (isAlive(id)) {
    if (systemClock.now() > deadline) throw new AppError("timeout", `The hub (pid ${hub.pid}) does not end. Look at: hapi hub logs`);
    await delay(LOOK_MS, { clock: systemClock });
  }
  return hub;
}
