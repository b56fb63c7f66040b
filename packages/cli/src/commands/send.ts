/** `hapi send`: a prompt to a session. It is on this machine's disk before anything is sent, and leaves it only when the hub has it. */
import { randomUUID } from "node:crypto";
import { text as readAll } from "node:stream/consumers";
import { isPromptTooLong, MAX_PROMPT_BYTES } from "@hapi/core";
import { type HubApi, type PromptEnd, watchPrompt } from "@hapi/client";
import { findKeptPrompt, forgetKeptPrompt, type KeptPrompt } from "@hapi/machine";
import { delay, hapiHome, systemClock, within } from "@hapi/platform";
import { AppError, type ErrorCode, errorCodes, type PromptWaiting, toAppError } from "@hapi/protocol";
import { isSet, textValue, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { hubApi } from "../hub-api.ts";
import { keep, sendNow, whoSendsLater } from "../outbox.ts";
import { parseDuration, parseMoment, said } from "../when.ts";
import { waitingInWords } from "../waiting-words.ts";
import { findSessionAnyway, isAway, titleOf } from "../which-session.ts";

const SEND_MS = 10_000;
const TRY_AGAIN_MS = 2_000;
const LET_GO_MS = 1_000;

/** For scripts, with `--wait`. */
const exitCodes: Record<PromptEnd["outcome"] | "timeout", number> = {
  done: 0,
  failed: 2,
  interrupted: 3,
  cancelled: 3,
  unknown: 4,
  timeout: 5,
};

export const sendCommand: Command = {
  name: "send",
  summary: "Send a prompt to a session, now or later; kept on disk until the hub has it",
  usage: "<session> <text … | -> [options]",
  options: {
    at: { type: "string", value: "TIME", help: "later: +30m, 14:30 or 2026-11-21T09:00 (at most 7 days ahead)" },
    steer: { type: "boolean", help: "into the running turn, where the agent can take it; else it waits its turn" },
    wait: {
      type: "boolean",
      short: "w",
      help: "until the turn is over: prints the answer; exits 0 done, 2 failed, 3 interrupted, 4 unknown",
    },
    timeout: { type: "string", value: "TIME", help: "with --wait: at most so long (10m); the prompt goes on, and the exit code is 5" },
    json: { type: "boolean", help: "print JSON" },
  },
  // The text.
  takes: { words: Number.POSITIVE_INFINITY },
  examples: [
    'hapi send 3f2a "run the tests"            <session>: an id or its beginning, a name, or . for this directory\'s',
    "git diff | hapi send . -                  - reads the text from standard input",
    'hapi send . "what changed?" --wait        prints the answer',
    'hapi send "Fix the login" "go on" --at +2h',
  ],
  run: runSend,
};

async function runSend(words: ParsedWords, context: CommandContext): Promise<number> {
  const { env } = context;
  const [wanted, ...rest] = words.positionals;
  if (wanted === undefined || rest.length === 0)
    throw new AppError("invalid_query", "hapi send needs a session and a text: hapi send <session> <text>, or - to read it from a pipe.");
  const times = timesOf(words);
  const api = hubApi(env);
  const text = await textOf(rest);
  const { session, away } = await findSessionAnyway(api, wanted, context);
  const prompt: Sending = { api, sessionId: session.id, localId: randomUUID(), scheduledAt: times.prompt.scheduledAt ?? null, context };
  keep(env, { sessionId: session.id, sessionName: titleOf(session), text, ...times.prompt }, prompt.localId);
  if (isSet(words, "wait")) return waitForAnswer(prompt, away, { timeoutMs: times.timeoutMs, isJson: isSet(words, "json") });
  return report(prompt, await deliver(prompt, away), isSet(words, "json"));
}

interface Sending {
  api: HubApi;
  sessionId: string;
  localId: string;
  scheduledAt: number | null;
  context: CommandContext;
}

interface Times {
  prompt: { scheduledAt?: number; deliveryMode?: "steer" };
  timeoutMs: number | null;
}

/** Said before anything is asked or kept. */
function timesOf(words: ParsedWords): Times {
  const at = textValue(words, "at");
  const timeout = textValue(words, "timeout");
  const isSteering = isSet(words, "steer");
  if (at !== undefined && isSteering)
    throw new AppError("invalid_query", "--at and --steer exclude each other: a later prompt has no turn to steer.");
  if (timeout !== undefined && !isSet(words, "wait")) throw new AppError("invalid_query", "--timeout goes with --wait.");
  return {
    prompt: {
      ...(at === undefined ? {} : { scheduledAt: parseMoment(at, systemClock.now()) }),
      ...(isSteering ? { deliveryMode: "steer" as const } : {}),
    },
    timeoutMs: timeout === undefined ? null : parseDuration(timeout, "--timeout"),
  };
}

async function textOf(words: readonly string[]): Promise<string> {
  const isPiped = words.length === 1 && words[0] === "-";
  const text = isPiped ? (await readAll(process.stdin)).replace(/\r?\n$/, "") : words.join(" ");
  if (text.trim() === "")
    throw new AppError("invalid_query", isPiped ? "Standard input was empty; nothing was sent." : "The text is empty; nothing was sent.");
  if (isPromptTooLong(text))
    throw new AppError(
      "body_too_large",
      `The text has ${Buffer.byteLength(text)} bytes; at most ${MAX_PROMPT_BYTES} can be sent. Put it into a file and name the file.`,
    );
  return text;
}

interface Delivered {
  /** Why it is still here; null: the hub has it. */
  kept: AppError | null;
  /** What came of steering, where that was asked for. */
  steering: string | null;
}

/** @throws what the hub refused it for; it stays in the outbox then */
async function deliver({ api, localId, context }: Sending, away: AppError | null, signal?: AbortSignal): Promise<Delivered> {
  let steering: string | null = null;
  let failure = away;
  if (!away) {
    const onSteer = (id: string, outcome: string): void => void (steering = id === localId ? outcome : steering);
    failure = await sendNow(context.env, { api, withinMs: SEND_MS, onSteer, ...(signal ? { signal } : {}) }).then(
      () => null,
      (cause: unknown) => toAppError(cause),
    );
  }
  const kept = findKeptPrompt(hapiHome(context.env), localId);
  if (kept?.state === "rejected") throw refused(kept);
  if (!kept) return { kept: null, steering };
  if (failure && !isAway(failure)) throw failure;
  return { kept: failure ?? new AppError("timeout", "The hub does not answer in time"), steering };
}

function refused({ error, localId, sessionId }: KeptPrompt): AppError {
  const known: ErrorCode = errorCodes.find((code) => code === error?.code) ?? "internal";
  const back = known === "session_archived" ? ` Bring it back with: hapi resume ${sessionId.slice(0, 8)}.` : "";
  const step = ` The text is kept; send it again with: hapi outbox retry ${localId.slice(0, 8)}`;
  return new AppError(known, `${sentence(error?.message ?? "The hub refused it")}${back}${step}`);
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function report({ sessionId, localId, scheduledAt, context }: Sending, { kept, steering }: Delivered, isJson: boolean): number {
  const { terminal, paint, env } = context;
  const good = (text: string): void => terminal.out(`${paint.good("✓")} ${text}`);
  if (isJson)
    terminal.json({
      sessionId,
      localId,
      state: kept ? "kept" : "sent",
      ...(kept ? { code: kept.code, reason: kept.message } : {}),
      ...(scheduledAt === null ? {} : { scheduledAt }),
      ...(steering === null ? {} : { steered: steering === "steered" }),
    });
  else if (kept) {
    terminal.out(`${paint.waiting("Kept, not sent yet.")} ${sentence(kept.message)}`);
    terminal.out(paint.dim(`  It is safe on this machine: ${whoSendsLater(env)}. See: hapi outbox`));
  } else if (scheduledAt !== null) good(`The hub has it and sends it at ${said(scheduledAt)}.`);
  else if (steering === null) good("Sent.");
  else good(steering === "steered" ? "Steered into the running turn." : `Sent; it waits its turn (${steering}).`);
  return 0;
}

interface WaitOptions {
  timeoutMs: number | null;
  isJson: boolean;
}

async function waitForAnswer(prompt: Sending, away: AppError | null, { timeoutMs, isJson }: WaitOptions): Promise<number> {
  const { api, sessionId, localId, context } = prompt;
  const onWaiting = (waiting: PromptWaiting): void => {
    // Told with the request itself, and what goes on in a moment is no news.
    if (waiting.for === "approval" || waiting.for === "agent" || waiting.for === "connection") return;
    context.terminal.note(context.paint.waiting(waitingInWords(waiting, sessionId)));
  };
  const watched = watchPrompt({ api, sessionId, localId, onRequest: () => waitsForPerson(context), onWaiting });
  const timeout = Promise.withResolvers<"timeout">();
  const cancel = timeoutMs === null ? () => undefined : systemClock.setTimer(timeoutMs, () => timeout.resolve("timeout"));
  const stop = new AbortController();
  const delivery = deliverInTheEnd(prompt, away, stop.signal);
  let end: PromptEnd | "timeout" = "timeout";
  try {
    // Refused: that is the end of waiting, too.
    const refusal = delivery.then(() => new Promise<never>(() => undefined));
    end = await Promise.race([watched.end, timeout.promise, refusal]);
    return answered(prompt, end, isJson);
  } finally {
    cancel();
    watched.close();
    stop.abort();
    // It may hold the lock; whoever only waits for it may just go.
    await within(systemClock, LET_GO_MS, Promise.allSettled([delivery]));
    if (end !== "timeout") letGo(prompt);
  }
}

/** The hub told its end, so it has it: also where the answer to the sending itself did not come any more. */
function letGo({ localId, context }: Sending): void {
  const home = hapiHome(context.env);
  const kept = findKeptPrompt(home, localId);
  if (kept) forgetKeptPrompt(home, kept);
}

/** As long as somebody waits here, this process itself tries again. */
async function deliverInTheEnd(prompt: Sending, away: AppError | null, signal: AbortSignal): Promise<void> {
  const { terminal, paint } = prompt.context;
  let { kept } = await deliver(prompt, away, signal);
  if (kept && !signal.aborted) terminal.note(paint.waiting(`Kept, not sent yet. ${sentence(kept.message)} Waiting for the hub.`));
  while (kept && !signal.aborted) {
    await delay(TRY_AGAIN_MS, { clock: systemClock, signal }).catch(() => undefined);
    if (!signal.aborted) ({ kept } = await deliver(prompt, null, signal));
  }
}

function answered(prompt: Sending, end: PromptEnd | "timeout", isJson: boolean): number {
  const { sessionId, localId, context } = prompt;
  const { terminal, paint } = context;
  const outcome = end === "timeout" ? "timeout" : end.outcome;
  const isKept = outcome === "timeout" && findKeptPrompt(hapiHome(context.env), localId) !== null;
  const short = sessionId.slice(0, 8);
  if (isJson)
    terminal.json({
      sessionId,
      localId,
      outcome,
      ...(end === "timeout" ? { state: isKept ? "kept" : "sent" } : { text: end.text, failure: end.failure }),
    });
  else if (end !== "timeout" && end.text !== "") terminal.out(end.text);
  const words: Record<typeof outcome, string> = {
    done: "",
    failed: `The turn failed: ${sentence(end !== "timeout" ? (end.failure?.message ?? "no reason was given") : "")} Try again with: hapi retry ${short}`,
    interrupted: `The turn was interrupted. Try again with: hapi retry ${short}`,
    cancelled: "The prompt was taken back before the agent had it.",
    unknown:
      "It is not known whether the agent got it; HAPI does not repeat it by itself. Look at the session, and send it again if it is missing.",
    timeout: isKept
      ? `Time is up; the prompt is kept and not sent yet: ${whoSendsLater(context.env)}.`
      : `Time is up; the hub has the prompt, and it goes on. See it with: hapi resume ${short}`,
  };
  if (words[outcome] !== "" && !isJson) terminal.note(paint.bad(`hapi: ${words[outcome]}`));
  return exitCodes[outcome];
}

function waitsForPerson({ terminal, paint }: CommandContext): void {
  terminal.note(paint.waiting("The agent waits for your decision; answer it in the web app, its terminal, or with: hapi requests"));
}
