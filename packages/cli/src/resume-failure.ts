/** What a person at a terminal can do when a session does not come back: behind the hub's own words, the next best step as a command. */
import { AppError, type ErrorCode, errorFacts, toAppError } from "@hapi/protocol";

type Steps = Partial<Record<ErrorCode, (short: string) => string>>;

const steps: Steps = {
  no_machine_online: (short) =>
    `Its machine is not there; start a runner on it with: hapi runner start. A prompt waits for it: hapi send ${short} "…"`,
  machine_offline: (short) => `Start a runner on its machine with: hapi runner start. A prompt waits for it: hapi send ${short} "…"`,
  session_archived: (short) => `Bring it back with: hapi resume ${short}`,
  thread_in_use: (short) => `Close that program, then: hapi resume ${short}`,
  not_supported: (short) => `Continue it itself with: hapi resume ${short}, or start another one with: hapi --new`,
  retry_unavailable: (short) => `Send a prompt instead: hapi send ${short} "…"`,
};

export function withNextStep(cause: unknown, sessionId: string): AppError {
  const failure = toAppError(cause);
  const short = sessionId.slice(0, 8);
  const offers: unknown = failure.details["offers"];
  const offered = (offer: string): boolean => Array.isArray(offers) && offers.includes(offer);
  // What else it may mean, the hub's own words say.
  const isPlain = failure.code !== "retry_unavailable" || failure.message === errorFacts(failure.code).text;
  const own = isPlain ? steps[failure.code]?.(short) : undefined;
  const step = offered("fork")
    ? `Go on in a new session with its history: hapi resume ${short} --fork`
    : offered("history")
      ? `Go on in a new session whose agent is given the text of this one: hapi resume ${short} --history`
      : own;
  if (step === undefined) return failure;
  const said = /[.!?]$/.test(failure.message) ? failure.message : `${failure.message}.`;
  return new AppError(failure.code, `${said} ${step}`, { cause: failure, details: failure.details });
}
