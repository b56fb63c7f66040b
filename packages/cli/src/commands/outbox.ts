/** `hapi outbox`: the prompts of this machine that no hub has yet, and what to do with them. */
import {
  damagedPrompts,
  forgetKeptPrompt,
  isFor,
  type KeptPrompt,
  readKeptPrompts,
  type SendKeptResult,
  withOutboxLock,
  writeKeptPrompt,
} from "@hapi/machine";
import { hapiHome, knownCliApiToken, systemClock } from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";
import { byVerb, isSet, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { hubApi } from "../hub-api.ts";
import { hubTarget, prompts, refusal, sendNow, whoSendsLater } from "../outbox.ts";
import { table } from "../tui/terminal.ts";
import { age } from "../tui/words.ts";

const SEND_MS = 20_000;
const LOCK_MS = 25_000;

export const outboxCommand: Command = {
  name: "outbox",
  summary: "List prompts this machine could not send yet; send, retry or take them back",
  usage: "[list | send | retry <id> | cancel <id>] [--all] [--json]",
  options: {
    all: { type: "boolean", short: "a", help: "with retry: every refused prompt; with cancel: every prompt" },
    json: { type: "boolean", help: "print JSON" },
  },
  examples: [
    "hapi outbox                  what waits, oldest first",
    "hapi outbox send             try now",
    "hapi outbox retry 8c1d       one that the hub refused, once more",
    "hapi outbox cancel 8c1d      throw it away",
  ],
  run: runOutbox,
};

async function runOutbox(words: ParsedWords, context: CommandContext): Promise<number> {
  const verb = words.positionals[0] ?? "list";
  return byVerb({ list, send, retry, cancel }, verb, "outbox")(words, context);
}

function list(words: ParsedWords, { terminal, paint, env }: CommandContext): number {
  const home = hapiHome(env);
  const waiting = readKeptPrompts(home);
  const damaged = damagedPrompts(home);
  if (isSet(words, "json")) {
    terminal.json({ prompts: waiting, damaged });
    return 0;
  }
  if (waiting.length === 0) terminal.out("Nothing waits: the hub has every prompt of this machine.");
  else {
    const head = ["ID", "STATE", "AGE", "SESSION", "TEXT"].map(paint.dim);
    terminal.out(table([head, ...waiting.map((prompt) => row(prompt, paint))], terminal.columns));
    noteLater(
      waiting.filter(({ state }) => state === "sending"),
      { terminal, paint, env },
    );
    if (waiting.some(({ state }) => state === "rejected"))
      terminal.note(paint.dim("What was refused: hapi outbox retry <id>, or cancel <id>."));
  }
  for (const path of damaged) terminal.note(paint.bad(`A damaged prompt was put aside and is not sent: ${path}`));
  return 0;
}

/** Without a token no hub is known, and nothing can be said. */
function noteLater(waiting: readonly KeptPrompt[], { terminal, paint, env }: Pick<CommandContext, "terminal" | "paint" | "env">): void {
  const token = knownCliApiToken(env);
  const isOurs = (prompt: KeptPrompt): boolean => token !== null && isFor(prompt, hubTarget(env));
  if (waiting.some(isOurs)) terminal.note(paint.dim(`What waits is safe: ${whoSendsLater(env)}.`));
  const elsewhere = waiting.filter((prompt) => !isOurs(prompt));
  if (elsewhere.length > 0)
    terminal.note(paint.dim(`${prompts(elsewhere.length)} for another hub or token: sent by a command or runner that uses those.`));
}

function row(prompt: KeptPrompt, paint: CommandContext["paint"]): string[] {
  const { localId, state, createdAt, sessionId, sessionName, text, error } = prompt;
  const why = error ? `${paint.bad(error.message)}  ` : "";
  return [
    localId.slice(0, 8),
    state === "rejected" ? paint.bad("refused") : paint.waiting("waits"),
    age(createdAt, systemClock.now()),
    (sessionName ?? sessionId.slice(0, 8)).slice(0, 24),
    `${why}${text.replaceAll(/\s+/g, " ")}`,
  ];
}

async function send(words: ParsedWords, context: CommandContext): Promise<number> {
  return report(words, context, await sendNow(context.env, { api: hubApi(context.env), withinMs: SEND_MS }));
}

function report(words: ParsedWords, { terminal, paint }: CommandContext, { sent, rejected, waiting }: SendKeptResult): number {
  if (isSet(words, "json")) terminal.json({ sent, rejected, waiting });
  else {
    if (sent.length > 0) terminal.out(`${paint.good("✓")} ${prompts(sent.length)} sent.`);
    for (const prompt of rejected) terminal.note(paint.bad(refusal(prompt)));
    const failure = waiting.find(({ error }) => error)?.error;
    if (waiting.length > 0)
      terminal.note(paint.waiting(`${prompts(waiting.length)} still to send: ${failure?.message ?? "the hub is slow"}`));
    else if (sent.length + rejected.length === 0) terminal.out("Nothing waits for this hub.");
  }
  return waiting.length + rejected.length > 0 ? 1 : 0;
}

async function retry(words: ParsedWords, context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  const chosen = choose(words, readKeptPrompts(home), "retry").filter(({ state }) => state === "rejected");
  await withOutboxLock(
    home,
    async () => {
      for (const { error: _before, ...prompt } of stillThere(home, chosen)) writeKeptPrompt(home, { ...prompt, state: "sending" });
    },
    { lockMs: LOCK_MS },
  );
  await sendNow(context.env, { api: hubApi(context.env), withinMs: SEND_MS });
  // The runner may have been faster: the disk says what became of them.
  const left = stillThere(home, chosen);
  const isLeft = new Set(left.map(({ localId }) => localId));
  return report(words, context, {
    sent: chosen.filter(({ localId }) => !isLeft.has(localId)),
    rejected: left.filter(({ state }) => state === "rejected"),
    waiting: left.filter(({ state }) => state === "sending"),
  });
}

async function cancel(words: ParsedWords, context: CommandContext): Promise<number> {
  const { terminal, paint, env } = context;
  const home = hapiHome(env);
  const chosen = choose(words, readKeptPrompts(home), "cancel");
  const removed = await withOutboxLock(
    home,
    async () => {
      const there = stillThere(home, chosen);
      for (const prompt of there) forgetKeptPrompt(home, prompt);
      return there;
    },
    { lockMs: LOCK_MS },
  );
  // One whose answer was lost may be with the hub all the same.
  for (const prompt of chosen) await cancelAtHub(context, prompt);
  if (isSet(words, "json")) terminal.json({ cancelled: removed.map(({ localId }) => localId) });
  else terminal.out(`${paint.good("✓")} ${prompts(removed.length)} thrown away.`);
  const missed = chosen.length - removed.length;
  if (missed > 0)
    terminal.note(
      paint.waiting(`${prompts(missed)} had been sent a moment before; the hub was asked to take ${missed === 1 ? "it" : "them"} back.`),
    );
  return 0;
}

async function cancelAtHub({ env, terminal, paint }: CommandContext, prompt: KeptPrompt): Promise<void> {
  const { sessionId, localId } = prompt;
  try {
    if (!isFor(prompt, hubTarget(env))) return;
    const { status } = await hubApi(env).messages.cancel(sessionId, localId);
    if (status !== "cancelled")
      terminal.note(paint.waiting(`${localId.slice(0, 8)} is with its agent already; it can only be interrupted there.`));
  } catch (cause) {
    const { code, message } = toAppError(cause);
    const isUnknownThere =
      code === "message_not_found" || code === "session_not_found" || code === "hub_unreachable" || code === "missing_token";
    if (!isUnknownThere) terminal.note(paint.waiting(`The hub could not be asked about ${localId.slice(0, 8)}: ${message}`));
  }
}

/** Sent or taken back by somebody else meanwhile: not to be written again. */
function stillThere(home: string, chosen: readonly KeptPrompt[]): KeptPrompt[] {
  const ids = new Set(chosen.map(({ localId }) => localId));
  return readKeptPrompts(home).filter(({ localId }) => ids.has(localId));
}

function choose(words: ParsedWords, all: readonly KeptPrompt[], verb: "retry" | "cancel"): readonly KeptPrompt[] {
  const wanted = words.positionals[1];
  if (wanted === undefined && isSet(words, "all")) return all;
  if (wanted === undefined) throw new AppError("invalid_query", `hapi outbox ${verb} needs an id, or --all. See: hapi outbox`);
  const found = all.filter(({ localId }) => localId.startsWith(wanted));
  if (found.length > 1) throw new AppError("invalid_query", `"${wanted}" fits ${found.length} prompts; give more of the id.`);
  if (found.length === 0) throw new AppError("message_not_found", `No prompt in the outbox begins with "${wanted}". See: hapi outbox`);
  return found;
}
