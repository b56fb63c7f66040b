/** What a prompt at the hub waits for, in words: short for a table, whole for whoever waits with it, and what ends it where that is an act. */
import type { PromptWaiting, WaitingFor } from "@hapi/protocol";
import { age } from "./tui/words.ts";

const short: Record<WaitingFor, string> = {
  time: "planned",
  machine: "machine offline",
  runner: "runner away",
  start: "agent starts",
  connection: "on its way",
  agent: "handing over",
  uptake: "agent has it",
  silence: "agent is silent",
  turn: "behind a turn",
  approval: "needs an answer",
  background: "needs your word",
  keyboard: "terminal types",
  terminal: "terminal has it",
  pause: "tries again",
  person: "needs you",
  disk: "hub's disk full",
  nothing: "stuck",
};

const whole: Record<WaitingFor, string> = {
  time: "It waits for its time.",
  machine: "It waits for the session's machine, which is offline.",
  runner: "It waits for the runner of the session's machine. There: hapi runner start",
  start: "It waits for the agent to start.",
  connection: "It is on its way to the session.",
  agent: "It is being handed to the agent.",
  uptake: "The agent has it and has not begun with it; Stop in the web app ends the wait.",
  silence: "The agent has had it for minutes and says nothing of it; Stop in the web app ends the wait.",
  turn: "It waits for the turn that runs.",
  approval: "It waits for an answer to the open request; answer it in the web app or its terminal.",
  background: "It waits for a person: going on would end what runs in the background.",
  keyboard: "It waits until nobody types in the session's terminal.",
  terminal: "It waits until the terminal gives up control.",
  pause: "The last try failed; it is tried again by itself.",
  person: "It waits for a person.",
  disk: "It waits for room on the hub's disk.",
  nothing: "It is stuck; the hub tries to get it going. See: hapi doctor",
};

const isKnown = (word: string): word is WaitingFor => Object.hasOwn(short, word);

/** At most sixteen letters. */
export function waitingInShort({ for: what, until }: PromptWaiting, now: number): string {
  if (what === "pause" && until !== undefined && until > now) return `again in ${age(now, until)}`;
  return isKnown(what) ? short[what] : "waits";
}

export function waitingInWords({ for: what, code }: PromptWaiting, sessionId: string): string {
  const id = sessionId.slice(0, 8);
  if (what === "silence") return `${whole.silence} So does: hapi stop ${id}, then hapi resume ${id}`;
  if (what !== "person") return isKnown(what) ? whole[what] : "It waits.";
  const step = `hapi resume ${id}`;
  if (code === "session_inactive") return `It rests, because the session was ended. Go on with: ${step}`;
  if (code === "session_archived") return `It rests, because the session is archived. Bring it back with: ${step}`;
  return `The session could not be started (${code ?? "no reason was given"}). When that is mended: ${step}`;
}
