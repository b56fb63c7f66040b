/**
 * What an authenticator is asked to sign: good once, for five minutes, for what it was made for. In memory only: a hub that was started anew knows
 * none, and a person tries again.
 */
import { randomToken, type Clock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";

export const challengeLifetimeMs = 5 * 60_000;
/** Strangers ask for as many as the door's rate lets them, and must not push out those of others. */
const maxOfStrangers = 10_000;
const maxOfPeople = 500;

export interface ChallengeFor {
  purpose: "register" | "sign-in" | "prove";
  /** Of the page that asks. */
  origin: string;
  /** As whom it asks; null: nobody is signed in. */
  asking: { namespace: string; credentialId: string } | null;
}

/** `userHandle`: as whose the authenticator is to know what it makes. */
type Open = ChallengeFor & { expiresAt: number; userHandle: string };

export interface Challenges {
  /** @returns it, base64url */
  make(wanted: ChallengeFor, userHandle?: string): string;
  /**
   * It is good no more from now on, whatever comes of it. @returns the user handle it was made with
   * @throws `challenge_over`, `passkey_refused` where it was for something else
   */
  take(challenge: string, wanted: ChallengeFor): string;
}

export function createChallenges(clock: Pick<Clock, "now">): Challenges {
  const now = (): number => clock.now();
  const strangers = new Map<string, Open>();
  const people = new Map<string, Open>();
  return {
    make(wanted, userHandle = "") {
      const [open, max] = wanted.asking === null ? [strangers, maxOfStrangers] : [people, maxOfPeople];
      if (open.size >= max) open.delete(open.keys().next().value as string);
      const challenge = randomToken(32);
      open.set(challenge, { ...wanted, userHandle, expiresAt: now() + challengeLifetimeMs });
      return challenge;
    },
    take(challenge, wanted) {
      const open = strangers.get(challenge) ?? people.get(challenge);
      strangers.delete(challenge);
      people.delete(challenge);
      // A clock that was set back makes none older than it is.
      if (!open || open.expiresAt <= now() || open.expiresAt > now() + challengeLifetimeMs) throw new AppError("challenge_over");
      if (nameOf(open) !== nameOf(wanted)) throw new AppError("passkey_refused");
      return open.userHandle;
    },
  };
}

const nameOf = ({ purpose, origin, asking }: ChallengeFor): string =>
  JSON.stringify([purpose, origin, asking && [asking.namespace, asking.credentialId]]);
