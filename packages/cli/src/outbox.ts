/** The outbox of this machine's commands, seen from one of them: for which hub it writes, and sending what waits as soon as that hub is there. */
import type { HubApi } from "@hapi/client";
import {
  hasKeptPrompts,
  type HubTarget,
  hubSender,
  isSameHub,
  keepPrompt,
  type KeptPrompt,
  namespaceOf,
  readRunnerState,
  sendKept,
  type SendKeptResult,
} from "@hapi/machine";
import { hapiHome, isAlive, runningHub, systemClock } from "@hapi/platform";
import { toAppError } from "@hapi/protocol";
import type { CommandContext } from "./command.ts";
import { configuredHub, hubApi } from "./hub-api.ts";
import { hubAddress } from "./hub-address.ts";

type Env = CommandContext["env"];

/** What other commands give to prompts that wait. */
const PASSING_MS = 3_000;

export function hubTarget(env: Env): HubTarget {
  const { url, token } = configuredHub(env);
  const isOwn = hubAddress(env).source === "default" || isSameHub(runningHub(hapiHome(env))?.url ?? "", url);
  return { url, isOwn, namespace: namespaceOf(token) };
}

export interface NewPrompt {
  sessionId: string;
  sessionName: string;
  text: string;
  scheduledAt?: number;
  deliveryMode?: "steer";
}

/** On the disk when this returns; nothing was sent yet. */
export function keep(env: Env, prompt: NewPrompt, localId: string): KeptPrompt {
  const { url, isOwn, namespace } = hubTarget(env);
  return keepPrompt(hapiHome(env), { ...prompt, hub: isOwn ? null : url, namespace }, { now: systemClock.now(), localId });
}

export interface SendNowOptions {
  api: HubApi;
  withinMs: number;
  signal?: AbortSignal;
  onSteer?(localId: string, outcome: string): void;
}

/** Everything that waits for this hub, for as long as that may take. */
export async function sendNow(env: Env, { api, withinMs, signal, onSteer }: SendNowOptions): Promise<SendKeptResult> {
  const stop = new AbortController();
  const cancel = systemClock.setTimer(withinMs, () => stop.abort());
  try {
    return await sendKept({
      home: hapiHome(env),
      target: hubTarget(env),
      send: hubSender(api, onSteer),
      lockMs: withinMs,
      signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
    });
  } finally {
    cancel();
  }
}

/** For commands that have just reached the hub with something else: what waited goes along. Says so on the side; never fails the command. */
export async function sendAlong({ env, terminal, paint }: CommandContext): Promise<void> {
  if (!hasKeptPrompts(hapiHome(env))) return;
  try {
    const { sent, rejected } = await sendNow(env, { api: hubApi(env), withinMs: PASSING_MS });
    if (sent.length > 0) terminal.note(paint.good(`${prompts(sent.length)} that waited in the outbox ${wasOrWere(sent.length)} sent.`));
    for (const prompt of rejected) terminal.note(paint.waiting(refusal(prompt)));
  } catch (cause) {
    const failure = toAppError(cause);
    // Somebody else is sending.
    if (failure.code !== "timeout") terminal.note(paint.waiting(`The outbox could not be sent: ${failure.message}. See: hapi outbox`));
  }
}

export function refusal({ sessionName, sessionId, error }: KeptPrompt): string {
  return `A prompt to ${sessionName ?? sessionId} was not taken: ${error?.message ?? "refused"}. It is kept; see: hapi outbox`;
}

export function prompts(count: number): string {
  return count === 1 ? "1 prompt" : `${count} prompts`;
}

const wasOrWere = (count: number): string => (count === 1 ? "was" : "were");

/** Who sends what is left behind for the hub of this command. */
export function whoSendsLater(env: Env): string {
  const state = readRunnerState(hapiHome(env));
  return state && isAlive(state) && isSameHub(state.hubUrl, hubTarget(env).url)
    ? "this machine's runner sends it when the hub is back"
    : "the next hapi command that reaches the hub sends it, or: hapi runner start";
}
