/** `hapi outbox`: the prompts that no agent has yet, on this machine and at the hub, and what to do with them. */
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
import { cleanLine, fit, hapiHome, knownCliApiToken, systemClock } from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";
import { byVerb, isSet, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { hubApi } from "../hub-api.ts";
import { type HubPrompt, promptsAtHub } from "../hub-queue.ts";
import { hubTarget, prompts, refusal, sendNow, whoSendsLater } from "../outbox.ts";
import { sentenceOf, table } from "../tui/terminal.ts";
import { age } from "../tui/words.ts";
import { waitingInShort, waitingInWords } from "../waiting-words.ts";

const SEND_MS = 20_000;
const LOCK_MS = 25_000;

export const outboxCommand: Command = {
  name: "outbox",
  summary: "List prompts that wait, on this machine and at the hub; send, retry or take them back",
  usage: "[list | send | retry <id> | cancel <id>] [--all] [--json]",
  options: {
    all: { type: "boolean", short: "a", help: "with retry: every refused prompt; with cancel: every prompt the hub does not have" },
    json: { type: "boolean", help: "print JSON" },
  },
  takes: {
    verbs: {
      "": { options: ["json"] },
      list: { options: ["json"] },
      send: { options: ["json"] },
      retry: { words: 1 },
      cancel: { words: 1 },
    },
  },
  examples: [
    "hapi outbox                  what waits: here, at the hub for a turn to end, for its time or its machine",
    "hapi outbox send             try now",
    "hapi outbox retry 8c1d       one that the hub refused, once more",
    "hapi outbox cancel 8c1d      take it back, wherever it waits; exits 1 when the agent has it or nobody can say",
  ],
  run: runOutbox,
};

async function runOutbox(words: ParsedWords, context: CommandContext): Promise<number> {
  const verb = words.positionals[0] ?? "list";
  return byVerb({ list, send, retry, cancel }, verb, "outbox")(words, context);
}

async function list(words: ParsedWords, context: CommandContext): Promise<number> {
  const { terminal, paint, env } = context;
  const home = hapiHome(env);
  const waiting = readKeptPrompts(home);
  const damaged = damagedPrompts(home);
  const { atHub, failure } = await lookAtHub(context);
  if (isSet(words, "json")) {
    terminal.json({ prompts: waiting, damaged, atHub, ...(failure ? { hubError: failure.code } : {}) });
    return 0;
  }
  // One whose answer was lost stands in both.
  const elsewhere = (atHub ?? []).filter((prompt) => waiting.every(({ localId }) => localId !== prompt.localId));
  if (waiting.length + elsewhere.length === 0)
    terminal.out(atHub ? "Nothing waits, neither here nor at the hub." : "Nothing waits on this machine.");
  else {
    const head = ["ID", "STATE", "AGE", "SESSION", "TEXT"].map(paint.dim);
    const rows = [...waiting.map((prompt) => row(prompt, paint)), ...elsewhere.map((prompt) => hubRow(prompt, paint))];
    terminal.out(table([head, ...rows], terminal.columns));
    noteLater(
      waiting.filter(({ state }) => state === "sending"),
      { terminal, paint, env },
    );
    if (waiting.some(({ state }) => state === "rejected"))
      terminal.note(paint.dim("What was refused: hapi outbox retry <id>, or cancel <id>."));
  }
  for (const line of stepsOf(elsewhere)) terminal.note(paint.dim(line));
  if (failure) terminal.note(paint.waiting(`What waits at the hub can't be seen now: ${sentenceOf(failure)}`));
  for (const path of damaged) terminal.note(paint.bad(`A damaged prompt was put aside and is not sent: ${path}`));
  return 0;
}

/** What is on this machine is shown all the same. */
async function lookAtHub({ env }: CommandContext): Promise<{ atHub: HubPrompt[] | null; failure: AppError | null }> {
  if (knownCliApiToken(env) === null) return { atHub: null, failure: null };
  try {
    return { atHub: await promptsAtHub(hubApi(env)), failure: null };
  } catch (cause) {
    return { atHub: null, failure: toAppError(cause) };
  }
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
    fit(sessionName ?? sessionId.slice(0, 8), 24),
    `${why}${cleanLine(text.replaceAll(/\s+/g, " "))}`,
  ];
}

function hubRow(
  { localId, state, createdAt, scheduledAt, sessionId, sessionName, text, waiting }: HubPrompt,
  paint: CommandContext["paint"],
): string[] {
  const now = systemClock.now();
  const states = {
    planned: `in ${age(now, scheduledAt ?? now)}`,
    queued: waiting ? waitingInShort(waiting, now) : "queued at hub",
    handed: waiting ? waitingInShort(waiting, now) : "with its agent",
    unknown: "unknown",
  };
  return [
    localId.slice(0, 8),
    state === "unknown" ? paint.bad(states.unknown) : paint.waiting(states[state]),
    age(createdAt, now),
    fit(sessionName ?? sessionId.slice(0, 8), 24),
    cleanLine(text.replaceAll(/\s+/g, " ")),
  ];
}

/** What a person can do about those that wait for one. */
function stepsOf(atHub: readonly HubPrompt[]): string[] {
  return atHub.flatMap(({ localId, sessionId, waiting }) =>
    waiting && ["person", "nothing", "uptake", "silence"].includes(waiting.for)
      ? [`${localId.slice(0, 8)}: ${waitingInWords(waiting, sessionId)}`]
      : [],
  );
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
  const all = readKeptPrompts(home);
  const wanted = words.positionals[1];
  if (wanted !== undefined && all.every(({ localId }) => !localId.startsWith(wanted)))
    return await cancelWaitingThere(words, context, wanted);
  const chosen = choose(words, all, "cancel");
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
  const missedThere: Missed[] = [];
  for (const prompt of chosen) missedThere.push(...(await cancelAtHub(context, prompt)));
  if (isSet(words, "json")) terminal.json({ cancelled: removed.map(({ localId }) => localId), missed: missedThere });
  else terminal.out(`${paint.good("✓")} ${prompts(removed.length)} thrown away.`);
  const missed = chosen.length - removed.length;
  if (missed > 0)
    terminal.note(
      paint.waiting(`${prompts(missed)} had been sent a moment before; the hub was asked to take ${missed === 1 ? "it" : "them"} back.`),
    );
  return missedThere.length > 0 ? 1 : 0;
}

/** The hub has it still: the agent has begun with it, or nobody can say that now. */
interface Missed {
  localId: string;
  status: "invoked" | "busy";
}

async function cancelWaitingThere(words: ParsedWords, context: CommandContext, wanted: string): Promise<number> {
  const { terminal, paint, env } = context;
  const api = hubApi(env);
  const found = (await promptsAtHub(api)).filter(({ localId }) => localId.startsWith(wanted));
  const [prompt] = found;
  if (found.length > 1) throw new AppError("invalid_query", `"${wanted}" fits ${found.length} prompts; give more of the id.`);
  if (!prompt)
    throw new AppError("message_not_found", `No prompt that waits, here or at the hub, begins with "${wanted}". See: hapi outbox`);
  const { status } = await api.messages.cancel(prompt.sessionId, prompt.localId);
  const missed: Missed[] = status === "cancelled" ? [] : [{ localId: prompt.localId, status }];
  if (isSet(words, "json")) terminal.json({ cancelled: missed.length > 0 ? [] : [prompt.localId], missed });
  else if (missed.length === 0) terminal.out(`${paint.good("✓")} 1 prompt taken back; its agent did not get it.`);
  for (const one of missed) sayMissed(context, one);
  return missed.length > 0 ? 1 : 0;
}

function sayMissed({ terminal, paint }: CommandContext, { localId, status }: Missed): void {
  const short = localId.slice(0, 8);
  const words = {
    invoked: `${short} is with its agent already; it can only be interrupted there.`,
    busy: `Whether its agent has ${short} can't be said now; it was not taken back. Try again with: hapi outbox cancel ${short}`,
  };
  terminal.note(paint.waiting(words[status]));
}

async function cancelAtHub(context: CommandContext, prompt: KeptPrompt): Promise<Missed[]> {
  const { env, terminal, paint } = context;
  const { sessionId, localId } = prompt;
  try {
    if (!isFor(prompt, hubTarget(env))) return [];
    const { status } = await hubApi(env).messages.cancel(sessionId, localId);
    if (status === "cancelled") return [];
    sayMissed(context, { localId, status });
    return [{ localId, status }];
  } catch (cause) {
    const { code, message } = toAppError(cause);
    const isUnknownThere =
      code === "message_not_found" || code === "session_not_found" || code === "hub_unreachable" || code === "missing_token";
    if (!isUnknownThere) terminal.note(paint.waiting(`The hub could not be asked about ${localId.slice(0, 8)}: ${message}`));
    return [];
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
