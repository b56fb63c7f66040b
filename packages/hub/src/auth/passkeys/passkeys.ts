/**
 * The passkeys of each namespace: added, named, deleted, and what is signed with them. All of them are in memory; a change is on the disk before it
 * counts, but for a deletion, which counts at once. One thing at a time is changed, so that no counter is read while another use of it is checked.
 */
import { randomToken, type Clock, type Logger } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { MadePasskey, UsedPasskey } from "@hapi/protocol/passkeys";
import type { Actor } from "../actor.ts";
import { type ChallengeFor, createChallenges, type Challenges } from "./challenges.ts";
import type { RelyingParty } from "./relying-party.ts";
import type { Passkey, PasskeyStore } from "./store.ts";
import { challengeOf, checkMade, checkUsed, creationOptions, requestOptions } from "./webauthn.ts";

/** Nobody has more keys and devices. */
const maxOfNamespace = 30;

export interface PasskeysOptions {
  store: PasskeyStore;
  /** What was written survives a loss of power. */
  durable(): Promise<void>;
  clock: Pick<Clock, "now">;
  log: Logger;
}

type Asking = Pick<Actor, "namespace" | "credentialId">;

export class Passkeys {
  readonly #options: PasskeysOptions;
  readonly #challenges: Challenges;
  readonly #held = new Map<string, Passkey>();
  /** Deleted, and not on the disk yet: there, they are good still. */
  readonly #unwritten = new Map<string, Passkey>();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: PasskeysOptions) {
    this.#options = options;
    this.#challenges = createChallenges(options.clock);
  }

  /** Before anybody is let in. */
  async start(): Promise<void> {
    for (const passkey of await this.#options.store.all()) this.#held.set(passkey.id, passkey);
  }

  /** Oldest first. */
  of(namespace: string): Passkey[] {
    return [...this.#held.values()].filter((passkey) => passkey.namespace === namespace);
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  /** What a browser makes one by. @throws `rate_limited`: there are too many */
  creationOptions(actor: Asking, party: RelyingParty) {
    // Random, since two hubs may stand at one name: an authenticator keeps one passkey for a name and a handle.
    const handle = this.of(actor.namespace)[0]?.userHandle ?? randomToken(32);
    const challenge = this.#challenges.make(challengeFor("register", party, actor), handle);
    const user = { handle, name: actor.namespace };
    return creationOptions({ challenge, party, user, known: this.#at(party, actor.namespace) });
  }

  /** @throws `challenge_over`, `passkey_refused`, `rate_limited` */
  add(actor: Asking, party: RelyingParty, { name, response }: { name: string; response: MadePasskey }): Promise<Passkey> {
    return this.#change(async () => {
      const { namespace } = actor;
      const { challenge, userHandle } = this.#answered(response, "register", party, actor);
      const made = await checkMade(response, { challenge, party });
      if (this.#held.has(made.id)) throw new AppError("passkey_refused", "This passkey was added already");
      if (this.of(namespace).length >= maxOfNamespace)
        throw new AppError("rate_limited", "There are too many passkeys. Delete some that are not used any more");
      const passkey = { ...made, namespace, userHandle, name, rpId: party.id, createdAt: this.#options.clock.now(), lastUsedAt: null };
      await this.#save(passkey);
      return passkey;
    });
  }

  /** What a browser signs in by, with whichever passkey of this name its person chooses. */
  signInOptions(party: RelyingParty) {
    return requestOptions({ challenge: this.#challenges.make(challengeFor("sign-in", party, null)), party, known: [] });
  }

  /** @throws `challenge_over`, `passkey_unknown`, `passkey_refused` */
  signIn(party: RelyingParty, response: UsedPasskey): Promise<Passkey> {
    return this.#change(() => this.#use(response, this.#answered(response, "sign-in", party, null).challenge, party));
  }

  /** For one of this namespace's at this name. @throws `passkey_unavailable`: there is none */
  proofOptions(actor: Asking, party: RelyingParty) {
    const known = this.#at(party, actor.namespace);
    if (known.length === 0) {
      const names = [...new Set(this.of(actor.namespace).map(({ rpId }) => rpId))];
      throw new AppError(
        "passkey_unavailable",
        names.length > 0 ? `Your passkeys are for ${names.join(", ")}; open the hub there` : undefined,
      );
    }
    return requestOptions({ challenge: this.#challenges.make(challengeFor("prove", party, actor)), party, known });
  }

  /** @throws `challenge_over`, `passkey_unknown`, `passkey_refused`, also where it is another namespace's */
  prove(actor: Asking, party: RelyingParty, response: UsedPasskey): Promise<Passkey> {
    return this.#change(async () => {
      const { challenge } = this.#answered(response, "prove", party, actor);
      const known = this.#held.get(response.id);
      if (known && known.namespace !== actor.namespace) throw new AppError("passkey_refused");
      return this.#use(response, challenge, party);
    });
  }

  /** @throws `not_found` */
  rename(namespace: string, id: string, name: string): Promise<Passkey> {
    return this.#change(async () => {
      const renamed = { ...this.#find(namespace, id), name };
      await this.#save(renamed);
      return renamed;
    });
  }

  /** Nobody signs in with it from now on; where the disk refuses that, it is thrown, and can be said again. @throws `not_found` */
  remove(namespace: string, id: string): Promise<void> {
    const passkey = this.#unwritten.get(id) ?? this.#find(namespace, id);
    if (passkey.namespace !== namespace) throw notFound();
    this.#held.delete(id);
    this.#unwritten.set(id, passkey);
    return this.#change(async () => {
      await this.#options.store.remove(id);
      await this.#options.durable();
      this.#unwritten.delete(id);
    });
  }

  async #use(used: UsedPasskey, challenge: string, party: RelyingParty): Promise<Passkey> {
    const passkey = this.#held.get(used.id);
    if (!passkey) throw new AppError("passkey_unknown", unknownWords);
    const { clock, log } = this.#options;
    const isItsOwner = (used.response.userHandle ?? passkey.userHandle) === passkey.userHandle;
    if (!isItsOwner || passkey.rpId !== party.id) throw new AppError("passkey_refused");
    const counter = await checkUsed(used, passkey, { challenge, party });
    if ((counter > 0 || passkey.counter > 0) && counter <= passkey.counter) {
      log.warn("auth.passkey_counter_back", { passkey: passkey.name, namespace: passkey.namespace, counter, known: passkey.counter });
      throw new AppError("passkey_refused", copiedWords);
    }
    const seen = { ...passkey, counter, lastUsedAt: clock.now() };
    await this.#save(seen);
    // Deleted while the disk was waited for.
    if (!this.#held.has(seen.id)) throw new AppError("passkey_unknown");
    return seen;
  }

  /** The challenge that is answered, once. */
  #answered(response: MadePasskey | UsedPasskey, ...wanted: Parameters<typeof challengeFor>): { challenge: string; userHandle: string } {
    const challenge = challengeOf(response);
    return { challenge, userHandle: this.#challenges.take(challenge, challengeFor(...wanted)) };
  }

  #find(namespace: string, id: string): Passkey {
    const found = this.#held.get(id);
    if (found?.namespace !== namespace) throw notFound();
    return found;
  }

  #at(party: RelyingParty, namespace: string): Passkey[] {
    return this.of(namespace).filter(({ rpId }) => rpId === party.id);
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#changing.then(work);
    this.#changing = mine.catch(() => undefined);
    return mine;
  }

  async #save(passkey: Passkey): Promise<void> {
    await this.#options.store.put(passkey);
    await this.#options.durable();
    if (!this.#unwritten.has(passkey.id)) this.#held.set(passkey.id, passkey);
  }
}

const challengeFor = (purpose: ChallengeFor["purpose"], { origin }: RelyingParty, asking: Asking | null): ChallengeFor => ({
  purpose,
  origin,
  asking: asking && { namespace: asking.namespace, credentialId: asking.credentialId },
});

const unknownWords = "This hub does not know that passkey: it was deleted, or is another hub's. Sign in another way";
const notFound = (): AppError => new AppError("not_found", "There is no such passkey");
const copiedWords =
  "This passkey was used more often elsewhere than here, so there may be a copy of it. Sign in another way and delete it in Settings, Devices";
